import type { LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';

/**
 * What the legacy system can say of a condition: a filter whose answer holds every record that the
 * condition matches, and perhaps others. The local query decides.
 */
export interface Bound {
  /** `all`: nothing bounds it. `none`: nothing can match. */
  readonly filter: LegacyFilter | 'all' | 'none';
  /** The filter matches exactly what the condition does. */
  readonly exact: boolean;
  /** Why parts were left to the local query, for people. */
  readonly reasons: readonly string[];
}

/** Every record, and exactly so. */
export const everything: Bound = { filter: 'all', exact: true, reasons: [] };

/** No record. */
export const nothingAtAll: Bound = { filter: 'none', exact: true, reasons: [] };

/** A part that only the local query can decide. */
export function undecided(reason: string): Bound {
  return { filter: 'all', exact: false, reasons: [reason] };
}

/** A filter that says exactly what the condition does. */
export function exactly(filter: LegacyFilter): Bound {
  return { filter, exact: true, reasons: [] };
}

/** A filter that matches all that the condition does, and perhaps more. */
export function wider(filter: LegacyFilter, reason: string): Bound {
  return { filter, exact: false, reasons: [reason] };
}

/** The same filter, which for this reason may match more than the condition does. */
export function widened(bound: Bound, reason: string): Bound {
  if (bound.filter === 'none') return bound;
  return { ...bound, exact: false, reasons: [...bound.reasons, reason] };
}

/** A property has one of these values, and exactly so. */
export function oneOf(property: LegacyProperty, values: readonly LegacyValue[]): Bound {
  return values.length === 0 ? nothingAtAll : exactly({ op: 'in', property, values });
}

function reasonsOf(parts: readonly Bound[]): string[] {
  return [...new Set(parts.flatMap((part) => part.reasons))];
}

function filtersOf(parts: readonly Bound[], op: 'and' | 'or'): LegacyFilter[] {
  return parts.flatMap(({ filter }) => {
    if (typeof filter === 'string') return [];
    return filter.op === op ? filter.filters : [filter];
  });
}

/** All of the parts: one that cannot be sent is left out, the others still bound the answer. */
export function allOf(parts: readonly Bound[]): Bound {
  if (parts.some((part) => part.filter === 'none')) return nothingAtAll;
  const exact = parts.every((part) => part.exact);
  const reasons = reasonsOf(parts);
  const filters = filtersOf(parts, 'and');
  const [only] = filters;
  if (!only) return { filter: 'all', exact, reasons };
  return { filter: filters.length === 1 ? only : { op: 'and', filters }, exact, reasons };
}

/** Any of the parts: when one cannot be sent, none can. */
export function anyOf(parts: readonly Bound[]): Bound {
  if (parts.some((part) => part.filter === 'all' && part.exact)) return everything;
  const possible = parts.filter((part) => part.filter !== 'none');
  const reasons = reasonsOf(possible);
  if (possible.some((part) => part.filter === 'all')) {
    return { filter: 'all', exact: false, reasons };
  }
  const exact = possible.every((part) => part.exact);
  const filters = filtersOf(possible, 'or');
  const [only] = filters;
  if (!only) return nothingAtAll;
  return { filter: filters.length === 1 ? only : { op: 'or', filters }, exact, reasons };
}
