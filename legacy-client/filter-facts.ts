import type { LegacyFilter } from './query';

/** A filter that no record or every record fulfils, whatever the records. */
export type Certain = 'none' | 'all';

/**
 * Take out of a filter what is decided without asking: an `in` of nothing, an empty `and` or `or`.
 *
 * @returns what is left to ask, or the answer.
 */
export function simplified(filter: LegacyFilter): LegacyFilter | Certain {
  switch (filter.op) {
    case 'and':
    case 'or':
      return simplifiedParts(filter.op, filter.filters);
    case 'not':
      return negated(simplified(filter.filter));
    case 'in':
      return filter.values.length === 0 ? 'none' : filter;
    default:
      return filter;
  }
}

function simplifiedParts(
  op: 'and' | 'or',
  filters: readonly LegacyFilter[],
): LegacyFilter | Certain {
  const [deciding, neutral] =
    op === 'and' ? (['none', 'all'] as const) : (['all', 'none'] as const);
  const parts = filters.map(simplified);
  if (parts.includes(deciding)) return deciding;
  const left = parts.filter((part) => typeof part !== 'string');
  const [first] = left;
  if (first === undefined) return neutral;
  return left.length === 1 ? first : { op, filters: left };
}

function negated(filter: LegacyFilter | Certain): LegacyFilter | Certain {
  if (filter === 'none') return 'all';
  return filter === 'all' ? 'none' : { op: 'not', filter };
}
