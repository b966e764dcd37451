import {
  type AddOperation,
  type AppendOperation,
  type End,
  type Event,
  type LifeOperation,
  type Operation,
  recordOf,
  type SoakHistory,
  type Value,
  type WriteOperation,
} from './history';

interface Ended<O extends Operation> {
  readonly operation: O;
  readonly begunAt: number;
  /** When it was over; never, for one whose outcome is not known. */
  readonly endedAt: number;
  readonly outcome: End['outcome'];
}

function ended<O extends Operation>(
  { events }: SoakHistory,
  isOne: (operation: Operation) => operation is O,
): Ended<O>[] {
  return events.flatMap(({ operation, begunAt, end }) => {
    if (!isOne(operation)) return [];
    const outcome = end?.outcome ?? 'unknown';
    const endedAt = outcome === 'unknown' || end === undefined ? Infinity : end.at;
    return [{ operation, begunAt, endedAt, outcome }];
  });
}

const isWrite = (operation: Operation): operation is WriteOperation => operation.do === 'write';
const isAdd = (operation: Operation): operation is AddOperation => operation.do === 'add';
const isAppend = (operation: Operation): operation is AppendOperation => operation.do === 'append';
const isLife = (operation: Operation): operation is LifeOperation =>
  operation.do === 'make' || operation.do === 'remove';

/** What was seen of a place by somebody who began to look, and had looked. */
interface Sight {
  readonly place: string;
  readonly value: Value;
  readonly from: number;
  readonly to: number;
  /** The row may be shown as it was last committed: a write on it was open. */
  readonly mayBeLastCommitted: boolean;
}

/** What is wrong with what was seen. */
type Judge = (sight: Sight) => string | undefined;

function overlaps(a: { from: number; to: number }, b: { from: number; to: number }): boolean {
  return a.from < b.to && b.from < a.to;
}

/**
 * A value must be that of a write that was not certainly overwritten before anybody looked: by a
 * write that began after it had ended, and had ended before the look began.
 */
function judgeOfValues(history: SoakHistory): Judge {
  const writes = ended(history, isWrite);
  const byPlace = groupByPlace(writes);
  return (sight) => {
    const all = byPlace.get(sight.place) ?? [];
    const seen = all.find(({ operation }) => operation.value === sight.value);
    if (!seen && sight.value !== null) return 'nobody has written it';
    if (seen && seen.begunAt > sight.to) return 'it was written later';
    if (seen?.outcome === 'failed' && seen.endedAt < sight.from && !sight.mayBeLastCommitted) {
      return 'its write had failed';
    }
    const since = seen ? seen.endedAt : -Infinity;
    const later = all.find(
      (write) =>
        write.outcome === 'done' &&
        write.begunAt > since &&
        write.endedAt < sight.from &&
        isCertain(history, all, { write, sight }),
    );
    return later && `${later.operation.value} was written after it, and before the look`;
  };
}

function groupByPlace(
  writes: readonly Ended<WriteOperation>[],
): Map<string, Ended<WriteOperation>[]> {
  const groups = new Map<string, Ended<WriteOperation>[]>();
  for (const write of writes) {
    for (const place of write.operation.places) {
      groups.set(place, [...(groups.get(place) ?? []), write]);
    }
  }
  return groups;
}

/**
 * What a CRM user has written is not in rows that are shown as last committed; and on Dynamics 2011
 * it may be overwritten by what an application writes, or takes back, at the same moment.
 */
function isCertain(
  { face, openTimes }: SoakHistory,
  all: readonly Ended<WriteOperation>[],
  { write, sight }: { readonly write: Ended<WriteOperation>; readonly sight: Sight },
): boolean {
  if (write.operation.by === 'application') return true;
  if (sight.mayBeLastCommitted) return false;
  if (face === 'dataverse') return true;
  const time = { from: write.begunAt, to: write.endedAt };
  const isMet = all.some(
    (other) =>
      other.operation.by === 'application' &&
      overlaps({ from: other.begunAt, to: other.endedAt }, time),
  );
  const record = recordOf(sight.place);
  return !isMet && !openTimes.some((open) => open.record === record && overlaps(open, time));
}

/** A list must have all tokens whose append had ended, once, and none whose append had failed. */
function judgeOfLists(history: SoakHistory): Judge {
  const appends = ended(history, isAppend);
  return (sight) => {
    const tokens = String(sight.value ?? '')
      .split(' ')
      .filter(Boolean);
    const own = appends.filter(({ operation }) => operation.place === sight.place);
    const known = new Set(own.map(({ operation }) => operation.token));
    const strange = tokens.find((token) => !known.has(token));
    if (strange) return `nobody has appended ${strange}`;
    const problems = own.map((append) => {
      const times = tokens.filter((token) => token === append.operation.token).length;
      const problem = tokenProblem(sight, append, times);
      return problem && `${append.operation.token} ${problem}`;
    });
    return problems.find(Boolean);
  };
}

function tokenProblem(
  { from, to, mayBeLastCommitted }: Sight,
  { begunAt, endedAt, outcome }: Ended<AppendOperation>,
  times: number,
): string | undefined {
  if (times > 1) return 'is there twice';
  if (times === 0) return outcome === 'done' && endedAt < from ? 'had been appended' : undefined;
  if (begunAt > to) return 'was appended later';
  const hadFailed = outcome === 'failed' && endedAt < from && !mayBeLastCommitted;
  return hadFailed ? 'was not appended' : undefined;
}

/** A record must be there when it was made, and not when it was removed, or never made. */
function judgeOfLives(history: SoakHistory): Judge {
  const lives = ended(history, isLife);
  return (sight) => {
    const own = lives.filter(({ operation }) => operation.name === sight.place);
    const made = own.find(({ operation }) => operation.do === 'make');
    const removed = own.find(({ operation }) => operation.do === 'remove');
    return sight.value === null ? absence(sight, made, removed) : presence(sight, made, removed);
  };
}

type Life = Ended<LifeOperation> | undefined;

function absence({ from, to }: Sight, made: Life, removed: Life): string | undefined {
  const mayBeRemoved = removed && removed.outcome !== 'failed' && removed.begunAt < to;
  const wasMade = made?.outcome === 'done' && made.endedAt < from;
  return wasMade && !mayBeRemoved ? 'it had been made, and nobody has removed it' : undefined;
}

function presence({ from, to }: Sight, made: Life, removed: Life): string | undefined {
  if (!made || made.begunAt > to) return 'nobody had made it';
  if (removed?.outcome === 'done' && removed.endedAt < from) return 'it had been removed';
  return made.outcome === 'failed' && made.endedAt < from ? 'making it had failed' : undefined;
}

/** A counter only grows: it must have all that was added before, and at most all that may have been. */
function judgeOfCounters(history: SoakHistory): Judge {
  const adds = ended(history, isAdd);
  return ({ place, value, from, to, mayBeLastCommitted }) => {
    const own = adds.filter(({ operation }) => operation.place === place);
    const sum = (chosen: readonly Ended<AddOperation>[]): number =>
      chosen.reduce((total, { operation }) => total + operation.by, 0);
    const certain = own.filter(({ outcome, endedAt }) => outcome === 'done' && endedAt < from);
    const possible = own.filter(
      ({ outcome, endedAt, begunAt }) =>
        begunAt < to && !(outcome === 'failed' && endedAt < from && !mayBeLastCommitted),
    );
    const uncertain = possible.filter((one) => !certain.includes(one));
    const extra = Number(value) - sum(certain);
    const sums = uncertain.reduce(
      (reachable, { operation }) =>
        new Set([...reachable, ...[...reachable].map((reached) => reached + operation.by)]),
      new Set([0]),
    );
    if (sums.has(extra)) return undefined;
    return `${sum(certain)} had been added, and ${uncertain.length} more may have been`;
  };
}

/** By what kind of thing a place holds. */
function judgeOf(history: SoakHistory): Judge {
  const judges: Readonly<Record<string, Judge>> = {
    employees: judgeOfCounters(history),
    description: judgeOfLists(history),
    telephone: judgeOfValues(history),
    website: judgeOfValues(history),
  };
  const ofLives = judgeOfLives(history);
  return (sight) => (judges[sight.place.split(' ')[1] ?? ''] ?? ofLives)(sight);
}

function sights({ openTimes }: SoakHistory, { begunAt, end }: Event): Sight[] {
  const time = { from: begunAt, to: end?.at ?? Infinity };
  return Object.entries(end?.shown ?? {}).map(([place, value]) => ({
    ...{ place, value, ...time },
    mayBeLastCommitted: openTimes.some(
      (open) => open.record === recordOf(place) && overlaps(open, time),
    ),
  }));
}

/**
 * Check what the reads of a history have shown: each must show what had been written before it began,
 * or something later, and nothing that was refused.
 *
 * @returns a line for each that does not.
 */
export function staleReads(history: SoakHistory): string[] {
  const judge = judgeOf(history);
  return history.events.flatMap((event) =>
    sights(history, event).flatMap((sight) => {
      const problem = judge(sight);
      const { place, value, from, to } = sight;
      return problem ? [`${place} was ${String(value)} from ${from} to ${to}: ${problem}`] : [];
    }),
  );
}

/**
 * Check what is left at the end, when nothing is open any more: no update is lost.
 *
 * @param last - the value of each place; a record by its name is `there` or null.
 */
export function lostUpdates(history: SoakHistory, last: Readonly<Record<string, Value>>): string[] {
  const judge = judgeOf(history);
  return Object.entries(last).flatMap(([place, value]) => {
    const problem = judge({
      place,
      value,
      from: Infinity,
      to: Infinity,
      mayBeLastCommitted: false,
    });
    return problem ? [`${place} is ${String(value)} at the end: ${problem}`] : [];
  });
}
