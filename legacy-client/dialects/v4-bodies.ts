import type { LegacyProperty } from '../entity';
import { ExactNumber } from '../exact-json';
import { utcSpelling } from './calendar';
import type { SendableValue } from './sendable';

/** A value as JSON of OData v4 has it; decimals are numbers that keep every digit. */
export function v4Json({ kind, type }: LegacyProperty, value: SendableValue | null): unknown {
  if (value instanceof Date) return `${utcSpelling(value)}Z`;
  if (value === null || type === 'Edm.String') return value === null ? null : String(value);
  if (kind === 'dateOnly' && type === 'Edm.DateTimeOffset') return `${String(value)}T00:00:00Z`;
  const isDecimal = kind === 'decimal' || kind === 'money';
  return isDecimal && typeof value === 'string' ? new ExactNumber(value) : value;
}
