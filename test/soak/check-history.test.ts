import { lostUpdates, staleReads } from './check-history';
import type { End, Event, OpenTime, Operation, SoakHistory, Value } from './history';

function event(operation: Operation, begunAt: number, end?: End): Event {
  return { operation, begunAt, ...(end && { end }) };
}

const done = (at: number): End => ({ at, outcome: 'done' });
const failed = (at: number): End => ({ at, outcome: 'failed' });

function write(
  value: string,
  begunAt: number,
  end?: End,
  by: 'application' | 'user' = 'application',
): Event {
  return event({ do: 'write', by, places: ['R1 telephone'], value }, begunAt, end);
}

function read(place: string, value: Value, from: number, to: number): Event {
  return event({ do: 'read' }, from, { at: to, outcome: 'done', shown: { [place]: value } });
}

function historyOf(
  events: readonly Event[],
  others: { readonly face?: SoakHistory['face']; readonly openTimes?: readonly OpenTime[] } = {},
): SoakHistory {
  return { face: 'dataverse', openTimes: [], ...others, events };
}

describe('a value', () => {
  const place = 'R1 telephone';
  const writes = [write('a', 1, done(2)), write('b', 3, done(4))];

  test.each<[string, Event[], number]>([
    ['the last one', [read(place, 'b', 5, 6)], 0],
    ['the one before, although a later write had ended', [read(place, 'a', 5, 6)], 1],
    ['the one before, while the later write is under way', [read(place, 'a', 3.5, 3.6)], 0],
    ['one that was written after the read', [read(place, 'b', 1, 2)], 1],
    ['one that nobody has written', [read(place, 'x', 5, 6)], 1],
    ['nothing, although something had been written', [read(place, null, 5, 6)], 1],
    ['nothing, before anything was written', [read(place, null, 0, 1)], 0],
    ['one whose write had failed', [write('c', 5, failed(6)), read(place, 'c', 7, 8)], 1],
    ['one whose write is about to fail', [write('c', 5, failed(9)), read(place, 'c', 7, 8)], 0],
    ['one of a process that was killed', [write('c', 5), read(place, 'c', 90, 91)], 0],
    ['the one before that of a killed process', [write('c', 5), read(place, 'b', 90, 91)], 0],
  ])('is %s', (_title, events, problems) => {
    expect(staleReads(historyOf([...writes, ...events]))).toHaveLength(problems);
  });

  test('of a CRM user may be missing in a row that somebody is writing', () => {
    const events = [write('a', 1, done(2)), write('b', 3, done(4), 'user'), read(place, 'a', 5, 6)];
    expect(staleReads(historyOf(events))).toHaveLength(1);
    const openTimes = [{ record: 'R1', from: 5.5, to: 9 }];
    expect(staleReads(historyOf(events, { openTimes }))).toEqual([]);
  });

  test('of a CRM user may be overwritten at the same moment, only on Dynamics 2011', () => {
    const events = [write('a', 1, done(5)), write('b', 3, done(4), 'user'), write('c', 6, done(7))];
    const meeting = [write('b', 3, done(4), 'user'), write('a', 1, failed(5))];
    expect(lostUpdates(historyOf(events), { [place]: 'b' })).toHaveLength(1);
    expect(lostUpdates(historyOf(meeting), { [place]: null })).toHaveLength(1);
    expect(lostUpdates(historyOf(meeting, { face: 'dynamics2011' }), { [place]: null })).toEqual(
      [],
    );
  });
});

describe('a counter', () => {
  const place = 'R1 employees';
  const add = (by: number, begunAt: number, end?: End): Event =>
    event({ do: 'add', place, by }, begunAt, end);
  const history = historyOf([
    add(5, 1, done(2)),
    add(70, 3, done(4)),
    add(900, 5),
    add(3, 6, failed(7)),
  ]);

  test.each([
    [75, 0],
    [975, 0],
    [70, 1],
    [78, 1],
    [905, 1],
  ])('that is %i in the end', (value, problems) => {
    expect(lostUpdates(history, { [place]: value })).toHaveLength(problems);
  });
});

describe('a list', () => {
  const place = 'R1 description';
  const append = (token: string, begunAt: number, end?: End): Event =>
    event({ do: 'append', place, token }, begunAt, end);
  const history = historyOf([
    append('a', 1, done(2)),
    append('b', 3, done(4)),
    append('c', 5),
    append('d', 6, failed(7)),
  ]);

  test.each([
    ['a b', 0],
    ['a b c', 0],
    ['b', 1],
    ['a b b', 1],
    ['a b d', 1],
    ['a b x', 1],
  ])('that is %p in the end', (value, problems) => {
    expect(lostUpdates(history, { [place]: value })).toHaveLength(problems);
  });
});

describe('a record', () => {
  const life = (kind: 'make' | 'remove', name: string, begunAt: number, end?: End): Event =>
    event({ do: kind, name }, begunAt, end);
  const history = historyOf([
    life('make', 'Made-1', 1, done(2)),
    life('make', 'Made-2', 1, done(2)),
    life('remove', 'Made-2', 3, done(4)),
    life('make', 'Made-3', 1, failed(2)),
    life('make', 'Made-4', 1),
  ]);

  test.each<[string, Value, number]>([
    ['Made-1', 'there', 0],
    ['Made-1', null, 1],
    ['Made-2', null, 0],
    ['Made-2', 'there', 1],
    ['Made-3', 'there', 1],
    ['Made-3', null, 0],
    ['Made-4', 'there', 0],
    ['Made-4', null, 0],
    ['Made-5', 'there', 1],
  ])('%s, which is %p in the end', (name, value, problems) => {
    expect(lostUpdates(history, { [name]: value })).toHaveLength(problems);
  });
});
