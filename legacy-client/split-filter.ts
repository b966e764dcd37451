import type { LegacyFilter } from './query';

/** A place at which a filter can be taken apart, and the filter with some of its members there. */
interface SplitPoint {
  readonly members: readonly unknown[];
  /** The parts may select some records more than once. */
  readonly overlaps: boolean;
  with(members: readonly unknown[]): LegacyFilter;
}

/** How a filter may be split. */
export interface SplitRules {
  /** Whether a filter is short enough. */
  readonly fits: (filter: LegacyFilter) => boolean;
  /** The parts must not have records in common: their counts are added up. */
  readonly disjoint?: boolean;
}

/**
 * Split a filter into several that together select the same records and each fit.
 *
 * Splits at an `in` or an `or` that stands alone, under `and`s or under `or`s; below a `not` nothing
 * can be split without changing what is selected.
 *
 * @returns one filter when it fits already; undefined when it cannot be made to fit.
 */
export function splitFilter(
  filter: LegacyFilter,
  rules: SplitRules,
): readonly LegacyFilter[] | undefined {
  if (rules.fits(filter)) return [filter];
  const points = splitPoints(filter).filter(
    ({ members, overlaps }) => members.length > 1 && !(overlaps && rules.disjoint),
  );
  const [point] = points.sort((one, other) => sizeOf(other) - sizeOf(one));
  if (point === undefined) return undefined;
  const parts: LegacyFilter[] = [];
  for (const chunk of chunksThatFit(point, rules)) {
    const split = splitFilter(chunk, rules);
    if (split === undefined) return undefined;
    parts.push(...split);
  }
  return parts;
}

function sizeOf({ members }: SplitPoint): number {
  return JSON.stringify(members).length;
}

/** Largest chunks that fit, or of one member each where none does. */
function* chunksThatFit(point: SplitPoint, { fits }: SplitRules): Iterable<LegacyFilter> {
  const { members } = point;
  // The last chunk's size is the first guess for the next: members mostly are of one length.
  let size = members.length;
  for (let start = 0; start < members.length; start += size) {
    const chunk = (length: number): LegacyFilter =>
      point.with(members.slice(start, start + length));
    const left = members.length - start;
    size = Math.min(size, left);
    while (size > 1 && !fits(chunk(size))) size = Math.min(size - 1, Math.ceil(size * 0.9));
    while (size < left && fits(chunk(size + 1))) size += 1;
    yield chunk(size);
  }
}

function splitPoints(filter: LegacyFilter): SplitPoint[] {
  if (filter.op === 'in') {
    const members = [...new Set(filter.values)];
    const values = (chosen: readonly unknown[]): typeof filter.values => chosen as typeof members;
    return [
      { members, overlaps: false, with: (chosen) => ({ ...filter, values: values(chosen) }) },
    ];
  }
  if (filter.op === 'or') {
    const filters = (chosen: readonly unknown[]): LegacyFilter[] => chosen as LegacyFilter[];
    const { filters: members } = filter;
    if (members.length > 1) {
      return [{ members, overlaps: true, with: (chosen) => oneOf(filters(chosen)) }];
    }
    return members.flatMap(splitPoints);
  }
  if (filter.op !== 'and') return [];
  const { filters } = filter;
  return filters.flatMap((part, index) =>
    splitPoints(part).map((point) => ({
      ...point,
      with: (chosen) => ({ op: 'and', filters: filters.with(index, point.with(chosen)) }),
    })),
  );
}

function oneOf(filters: readonly LegacyFilter[]): LegacyFilter {
  const [only] = filters;
  return only !== undefined && filters.length === 1 ? only : { op: 'or', filters };
}
