import type { LegacyProperty, PropertyKind, WireType } from '../entity';
import { utcSpelling } from './calendar';
import type { SendableValue } from './sendable';

const LARGEST_INT32 = 2_147_483_647;

const usualTypes: Partial<Record<PropertyKind, WireType>> = {
  decimal: 'Edm.Decimal',
  money: 'Edm.Decimal',
  string: 'Edm.String',
};

/**
 * Write a value as OData v2 writes it in URLs, not yet URL-encoded.
 *
 * @returns `'O''Brien'`, `guid'…'`, `datetime'2026-11-21T12:26:26.123'` (UTC), `12.50M`, `5`,
 *   `5000000000L`, `true`; where the property says so, `datetimeoffset'…Z'`, `12.5d`. A day
 *   is its midnight in UTC.
 * @remarks Source: OData v2 URI conventions, abstract type system. Without `M` a decimal would be
 *   read as a double, which WCF Data Services refuses to compare with a decimal.
 */
export function v2Literal(property: LegacyProperty, value: SendableValue): string {
  const { kind, type = usualTypes[kind] } = property;
  if (value instanceof Date) return instant(utcSpelling(value), type);
  const text = String(value);
  if (kind === 'dateOnly') return instant(`${text}T00:00:00`, type);
  switch (type) {
    case 'Edm.String':
      return quoted(text);
    case 'Edm.Decimal':
      return `${text}M`;
    case 'Edm.Double':
      return `${text}d`;
    case 'Edm.Single':
      return `${text}f`;
    default:
      return untyped(kind, text);
  }
}

function untyped(kind: PropertyKind, text: string): string {
  if (kind === 'guid' || kind === 'lookup') return `guid'${text}'`;
  // A short literal is promoted to 64 bits, and understood by more parsers.
  const isLong = kind === 'integer' && Math.abs(Number(text)) > LARGEST_INT32;
  return isLong ? `${text}L` : text;
}

function instant(iso: string, type: WireType | undefined): string {
  return type === 'Edm.DateTimeOffset' ? `datetimeoffset'${iso}Z'` : `datetime'${iso}'`;
}

/** A string literal of any OData version: quotes inside are doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
