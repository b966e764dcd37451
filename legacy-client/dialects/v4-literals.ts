import type { LegacyProperty } from '../entity';
import { utcSpelling } from './calendar';
import type { SendableValue } from './sendable';
import { quoted } from './v2-literals';

/**
 * Write a value as OData v4 writes it in URLs, not yet URL-encoded.
 *
 * @returns `'O''Brien'`, a bare GUID, `2026-11-21T12:26:26.123Z`, `2026-11-21`, `12.50`, `true`.
 * @remarks Source: OData 4.0 ABNF construction rules.
 */
export function v4Literal({ kind }: LegacyProperty, value: SendableValue): string {
  if (value instanceof Date) return `${utcSpelling(value)}Z`;
  return kind === 'string' ? quoted(String(value)) : String(value);
}
