import type { LegacyProperty } from '../entity';
import { utcSpelling } from './calendar';
import type { SendableValue } from './sendable';
import { quoted } from './v2-literals';

/**
 * Write a value as OData v4 writes it in URLs, not yet URL-encoded.
 *
 * @returns `'O''Brien'`, a bare GUID, `2026-11-21T12:26:26.123Z`, `2026-11-21`, `12.50`, `true`; a
 *   day of a property that says `Edm.DateTimeOffset` is its midnight in UTC, and a GUID of one that
 *   says `Edm.String` is quoted.
 * @remarks Source: OData 4.0 ABNF construction rules.
 */
export function v4Literal({ kind, type }: LegacyProperty, value: SendableValue): string {
  if (value instanceof Date) return `${utcSpelling(value)}Z`;
  if (kind === 'dateOnly' && type === 'Edm.DateTimeOffset') return `${String(value)}T00:00:00Z`;
  return kind === 'string' || type === 'Edm.String' ? quoted(String(value)) : String(value);
}
