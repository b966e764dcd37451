import type { LegacyValue, PropertyKind } from '../../entity';
import { compareDecimals } from './decimal';

/** A value in the form in which the CRM compares it; null for none. */
export type Comparable = string | number | boolean | null;

/** Bring a string to the form in which the CRM compares it: without case and trailing blanks. */
function foldString(text: string): string {
  const lower = text.toLowerCase();
  return lower.endsWith(' ') ? lower.replace(/ +$/, '') : lower;
}

type Reader = (value: NonNullable<LegacyValue>) => Comparable;

const asIs: Reader = (value) => (value instanceof Date ? value.getTime() : value);
/** How each kind's stored values are compared; dates by milliseconds. */
const readers: Partial<Record<PropertyKind, Reader>> = {
  string: (value) => foldString(String(value)),
  dateOnly: (value) => Date.parse(`${String(value)}T00:00:00Z`),
};

/** Bring a value to the form in which it is compared. */
export function comparable(kind: PropertyKind, value: LegacyValue | undefined): Comparable {
  return value === null || value === undefined ? null : (readers[kind] ?? asIs)(value);
}

/** Order two values of a kind; no value comes first, as in SQL Server. */
export function compareValues(kind: PropertyKind, left: Comparable, right: Comparable): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  if (kind === 'decimal' || kind === 'money') return compareDecimals(String(left), String(right));
  return left < right ? -1 : 1;
}
