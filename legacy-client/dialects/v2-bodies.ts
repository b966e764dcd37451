import type { LegacyProperty } from '../entity';
import type { SendableValue } from './sendable';

/**
 * A primitive as JSON of OData v2 has it: decimals are strings, instants `/Date(ms)/`, a day is its
 * midnight in UTC.
 */
export function v2Json(
  { kind }: LegacyProperty,
  value: SendableValue | null,
): string | number | boolean | null {
  if (value instanceof Date) return `/Date(${value.getTime()})/`;
  if (kind === 'dateOnly' && typeof value === 'string') return `/Date(${Date.parse(value)})/`;
  return value;
}
