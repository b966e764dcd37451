import type { LegacyValue } from './entity';
import type { LegacyFilter } from './query';

type InFilter = Extract<LegacyFilter, { op: 'in' }>;

/** An `in` that a filter can be split at, and the filter with other values in its place. */
interface SplitPoint {
  readonly values: readonly LegacyValue[];
  with(values: readonly LegacyValue[]): LegacyFilter;
}

/**
 * Split a filter into several that together select the same records and each fit.
 *
 * Splits at an `in` that stands alone or under `and`s; one under `or` or `not` cannot be split
 * without changing what is selected.
 *
 * @returns one filter when it fits already; undefined when it cannot be made to fit.
 */
export function splitFilter(
  filter: LegacyFilter,
  fits: (filter: LegacyFilter) => boolean,
): readonly LegacyFilter[] | undefined {
  if (fits(filter)) return [filter];
  const [point] = splitPoints(filter).sort((one, other) => other.values.length - one.values.length);
  if (point === undefined || point.values.length < 2) return undefined;
  const parts: LegacyFilter[] = [];
  for (const chunk of chunksThatFit(point, fits)) {
    const split = splitFilter(chunk, fits);
    if (split === undefined) return undefined;
    parts.push(...split);
  }
  return parts;
}

/** Largest chunks that fit, or of one value each where none does. */
function* chunksThatFit(
  point: SplitPoint,
  fits: (filter: LegacyFilter) => boolean,
): Iterable<LegacyFilter> {
  const { values } = point;
  // The last chunk's size is the first guess for the next: values mostly are of one length.
  let size = values.length;
  for (let start = 0; start < values.length; start += size) {
    const chunk = (length: number): LegacyFilter => point.with(values.slice(start, start + length));
    const left = values.length - start;
    size = Math.min(size, left);
    while (size > 1 && !fits(chunk(size))) size = Math.min(size - 1, Math.ceil(size * 0.9));
    while (size < left && fits(chunk(size + 1))) size += 1;
    yield chunk(size);
  }
}

function splitPoints(filter: LegacyFilter): SplitPoint[] {
  if (filter.op === 'in') return [splitPoint(filter)];
  if (filter.op !== 'and') return [];
  const { filters } = filter;
  return filters.flatMap((part, index) =>
    splitPoints(part).map((point) => ({
      values: point.values,
      with: (values) => ({ op: 'and', filters: filters.with(index, point.with(values)) }),
    })),
  );
}

function splitPoint(filter: InFilter): SplitPoint {
  return {
    values: [...new Set(filter.values)],
    with: (values) => ({ ...filter, values }),
  };
}
