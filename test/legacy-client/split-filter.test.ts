import fc from 'fast-check';
import { simplified } from '../../legacy-client/filter-facts';
import type { LegacyFilter } from '../../legacy-client';
import { splitFilter } from '../../legacy-client/split-filter';
import { employees, name } from './entities';

type In = Extract<LegacyFilter, { op: 'in' }>;

const numbers = (...values: number[]): In => ({ op: 'in', property: employees, values });
const size = (filter: LegacyFilter): number => JSON.stringify(filter).length;

test('every part fits, and together they hold each value once', () => {
  const inputs = fc.record({
    values: fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 300 }),
    room: fc.integer({ min: 12, max: 400 }),
  });
  fc.assert(
    fc.property(inputs, ({ values, room }) => {
      const fits = (filter: LegacyFilter): boolean => size(filter) <= size(numbers()) + room;
      const parts = splitFilter(numbers(...values), { fits });
      expect(parts?.every(fits)).toBe(true);
      const held = parts?.flatMap((part) => (part as In).values) ?? [];
      expect(new Set(held)).toEqual(new Set(values));
      if ((parts?.length ?? 0) > 1) expect(held).toHaveLength(new Set(values).size);
    }),
  );
});

test('two lists under and are split into all their combinations', () => {
  const filter: LegacyFilter = {
    op: 'and',
    filters: [numbers(1, 2), { op: 'in', property: name, values: ['a', 'b', 'c'] }],
  };
  const isSingle = (part: LegacyFilter): boolean =>
    part.op === 'and' && part.filters.every((one) => one.op === 'in' && one.values.length === 1);
  expect(splitFilter(filter, { fits: isSingle })).toHaveLength(6);
});

test('alternatives are split, down to the values in them', () => {
  const either: LegacyFilter = {
    op: 'and',
    filters: [{ op: 'or', filters: [numbers(1, 2), numbers(3)] }, numbers(4)],
  };
  const isSingle = (part: LegacyFilter): boolean =>
    part.op === 'and' && part.filters.every((one) => one.op === 'in' && one.values.length === 1);
  const parts = splitFilter(either, { fits: isSingle });
  expect(parts?.map((part) => (part as unknown as { filters: In[] }).filters[0]?.values)).toEqual([
    [1],
    [2],
    [3],
  ]);
});

test('alternatives, which may have records in common, are not split where parts are counted', () => {
  const either: LegacyFilter = { op: 'or', filters: [numbers(1, 2), numbers(2, 3)] };
  expect(splitFilter(either, { fits: () => false, disjoint: true })).toBeUndefined();
  const isShorter = (part: LegacyFilter): boolean => size(part) < size(numbers(1, 2));
  expect(splitFilter(numbers(1, 2), { fits: isShorter, disjoint: true })).toHaveLength(2);
});

test.each<LegacyFilter>([
  { op: 'eq', property: employees, value: 1 },
  { op: 'not', filter: numbers(1, 2) },
  numbers(1),
])('what cannot be split without changing its meaning is not: %j', (filter) => {
  expect(splitFilter(filter, { fits: () => false })).toBeUndefined();
});

const never = numbers();
const some: LegacyFilter = { op: 'eq', property: employees, value: 1 };

test.each<[LegacyFilter, LegacyFilter | string]>([
  [never, 'none'],
  [{ op: 'and', filters: [some, never] }, 'none'],
  [{ op: 'or', filters: [some, never] }, some],
  [{ op: 'not', filter: never }, 'all'],
  [{ op: 'or', filters: [some, { op: 'not', filter: never }] }, 'all'],
  [{ op: 'and', filters: [] }, 'all'],
  [{ op: 'or', filters: [] }, 'none'],
  [
    { op: 'and', filters: [some, some] },
    { op: 'and', filters: [some, some] },
  ],
])('%j is decided or simplified', (filter, expected) => {
  expect(simplified(filter)).toEqual(expected);
});
