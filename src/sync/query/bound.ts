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

/** A property has one of these values, and exactly so. */
export function oneOf(property: LegacyProperty, values: readonly LegacyValue[]): Bound {
  return values.length === 0 ? nothingAtAll : exactly({ op: 'in', property, values });
}

function reasonsOf(parts: readonly Bound[]): string[] {
  return [...new Set(parts.flatMap((part) => part.reasons))];
}

/** All of the parts: one that cannot be sent is left out, the others still bound the answer. */
export function allOf(parts: readonly Bound[]): Bound {
  const exact = parts.every((part) => part.exact);
  const reasons = reasonsOf(parts);
  if (parts.some((part) => part.filter === 'none')) {
    return { filter: 'none', exact: true, reasons: [] };
  }
  const filters = parts.flatMap(({ filter }) => (typeof filter === 'string' ? [] : [filter]));
  const [only] = filters;
  if (!only) return { filter: 'all', exact, reasons };
  return { filter: filters.length === 1 ? only : { op: 'and', filters }, exact, reasons };
}

/** Any of the parts: when one cannot be sent, none can. */
export function anyOf(parts: readonly Bound[]): Bound {
  const exact = parts.every((part) => part.exact);
  const reasons = reasonsOf(parts);
  if (parts.some((part) => part.filter === 'all')) return { filter: 'all', exact, reasons };
  const filters = parts.flatMap(({ filter }) => (typeof filter === 'string' ? [] : [filter]));
  const [only] = filters;
  if (!only) return { filter: 'none', exact, reasons };
  return { filter: filters.length === 1 ? only : { op: 'or', filters }, exact, reasons };
}
