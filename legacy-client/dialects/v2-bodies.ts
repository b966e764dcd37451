import type { LegacyProperty } from '../entity';
import { ExactNumber, SlashedText } from '../exact-json';
import type { SendableValue } from './sendable';

/**
 * A primitive as JSON of OData v2 has it: decimals and 64-bit numbers are strings, instants
 * `\/Date(ms)\/`, a day is its midnight in UTC.
 *
 * @remarks Source: OData v2, JSON format, 4 "primitive types".
 */
export function v2Json({ kind, type }: LegacyProperty, value: SendableValue | null): unknown {
  if (value instanceof Date) return instant(value.getTime(), type);
  if (kind === 'dateOnly' && typeof value === 'string') return instant(Date.parse(value), type);
  if (value === null) return null;
  switch (type) {
    case 'Edm.Int64':
    case 'Edm.Decimal':
      return String(value);
    case 'Edm.Double':
    case 'Edm.Single':
    case 'Edm.Int32':
      return new ExactNumber(String(value));
    default:
      return value;
  }
}

function instant(milliseconds: number, type: LegacyProperty['type']): SlashedText {
  const offset = type === 'Edm.DateTimeOffset' ? '+0000' : '';
  return new SlashedText(`/Date(${milliseconds}${offset})/`);
}
