import type { LegacyChanges, LegacyRecord, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';

/** Whether two wire values are the same: dates by instant, decimals by number, GUIDs without case. */
export function sameValue(a: LegacyValue, b: LegacyValue, kind: string): boolean {
  if (a === null || b === null) return a === b;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (kind === 'decimal' || kind === 'money') return canonical(String(a)) === canonical(String(b));
  if (kind === 'guid' || kind === 'lookup')
    return String(a).toLowerCase() === String(b).toLowerCase();
  return a === b;
}

/** `'0012.500'` and `'12.5'` are one number. */
function canonical(decimal: string): string {
  const [, sign = '', whole = '', fraction = ''] =
    /^(-?)0*(\d*)(?:\.(\d*?))?0*$/.exec(decimal.includes('.') ? decimal : `${decimal}.0`) ?? [];
  const text = `${whole === '' ? '0' : whole}.${fraction}`;
  return text === '0.' ? text : `${sign}${text}`;
}

/** The value that a record has for an attribute; null when the server left it out. */
export function valueIn(record: LegacyRecord, mapped: MappedAttribute): LegacyValue {
  return record.values[mapped.property.name] ?? null;
}

/** The values of a record for these property names, as they would be sent to restore them. */
export function valuesOf(
  record: Pick<LegacyRecord, 'values'>,
  properties: Iterable<string>,
): LegacyChanges {
  const values: Record<string, LegacyValue> = {};
  for (const name of properties) values[name] = record.values[name] ?? null;
  return values;
}

/**
 * Whether a record's value may be what the service has made of a value that was sent: it keeps whole
 * seconds, trims texts, and rounds decimals.
 */
export function resembles(stored: LegacyValue, sent: LegacyValue, kind: string): boolean {
  if (sameValue(stored, sent, kind)) return true;
  if (sent === '' || sent === null) return stored === null;
  if (stored === null) return false;
  if (stored instanceof Date && sent instanceof Date) {
    return Math.abs(stored.getTime() - sent.getTime()) < 1000;
  }
  if (kind === 'string') return String(stored).trim() === String(sent).trim();
  const isDecimal = kind === 'decimal' || kind === 'money';
  return isDecimal && Math.abs(Number(stored) - Number(sent)) < 0.01;
}
