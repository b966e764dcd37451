import type { LegacyProperty } from '../entity';
import { utcSpelling } from './calendar';
import type { SendableValue } from './sendable';

const LARGEST_INT32 = 2_147_483_647;

/**
 * Write a value as OData v2 writes it in URLs, not yet URL-encoded.
 *
 * @returns `'O''Brien'`, `guid'…'`, `datetime'2026-11-21T12:26:26.123'` (UTC), `12.50M`, `5`,
 *   `5000000000L`, `true`. A day is its midnight in UTC.
 * @remarks Source: OData v2 URI conventions, abstract type system. Without `M` a decimal would be
 *   read as a double, which WCF Data Services refuses to compare with a decimal.
 */
export function v2Literal({ kind }: LegacyProperty, value: SendableValue): string {
  if (value instanceof Date) return `datetime'${utcSpelling(value)}'`;
  switch (kind) {
    case 'string':
      return quoted(String(value));
    case 'guid':
    case 'lookup':
      return `guid'${String(value)}'`;
    case 'decimal':
    case 'money':
      return `${String(value)}M`;
    case 'dateOnly':
      return `datetime'${String(value)}T00:00:00'`;
    case 'integer':
      return Math.abs(Number(value)) > LARGEST_INT32 ? `${String(value)}L` : String(value);
    default:
      return String(value);
  }
}

/** A string literal of any OData version: quotes inside are doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
