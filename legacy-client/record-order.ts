import type { LegacyRecord, LegacyValue, PropertyKind } from './entity';
import type { LegacyOrder } from './query';

/**
 * Kinds that every service orders alike. Strings depend on its collation, GUIDs on its database, and
 * Dynamics orders option sets by their labels.
 */
const COMPARABLE = new Set<PropertyKind>([
  'boolean',
  'integer',
  'decimal',
  'money',
  'dateTime',
  'dateOnly',
]);

/** Tell whether answers to several requests can be merged into this order here. */
export function canMerge(orderBy: readonly LegacyOrder[]): boolean {
  return orderBy.every(({ property }) => COMPARABLE.has(property.kind));
}

/** Compare two records by an order that {@link canMerge}; null comes before any value. */
export function compareRecords(
  orderBy: readonly LegacyOrder[],
): (one: LegacyRecord, other: LegacyRecord) => number {
  return (one, other) => {
    for (const { property, direction } of orderBy) {
      const left = rank(one.values[property.name] ?? null);
      const right = rank(other.values[property.name] ?? null);
      const order = left === right ? 0 : left < right ? -1 : 1;
      if (order !== 0) return direction === 'asc' ? order : -order;
    }
    return 0;
  };
}

function rank(value: LegacyValue): number {
  if (value === null) return -Infinity;
  if (value instanceof Date) return value.getTime();
  const number = Number(value);
  return typeof value === 'string' && Number.isNaN(number) ? Date.parse(value) : number;
}
