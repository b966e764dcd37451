import type { LegacyProperty, LegacyValue, PropertyKind } from '../entity';
import { hasFourDigitYear, isCalendarDate, parseIsoInstant, utcDay } from './calendar';
import { decimalNotation } from './decimals';
import { normalisedGuid } from './guid';
import { MalformedAnswerError } from './problems';

const WIRE_DATE = /^\/Date\((-?\d{1,15})([+-]\d{1,4})?\)\/$/;
const WHOLE = /^-?\d{1,16}$/;

/**
 * Read a primitive value of an answer: what JSON of any version and Atom have in common.
 *
 * @param wire - `/Date(1663715691000)/`, `'{C5F2…}'`, `12.5`, `'12.5000000000'`, `null` …
 * @throws {@link MalformedAnswerError} naming the property, when the value is not of its kind.
 */
export function readWireValue({ name, kind }: LegacyProperty, wire: unknown): LegacyValue {
  // Some services write '' where a GUID or a date is null.
  if (wire === null || (wire === '' && kind !== 'string')) return null;
  const value = readers[kind](wire);
  if (value === undefined) {
    throw new MalformedAnswerError(`the property ${name} came as something that is no ${kind}`);
  }
  return value;
}

type Reader = (wire: unknown) => LegacyValue | undefined;

const readers: Record<PropertyKind, Reader> = {
  string: (wire) => (typeof wire === 'string' ? wire : undefined),
  boolean: (wire) => (typeof wire === 'boolean' ? wire : undefined),
  integer: readWhole,
  optionSet: readWhole,
  decimal: readDecimal,
  money: readDecimal,
  dateTime: readInstant,
  dateOnly: readDay,
  guid: readGuid,
  lookup: readGuid,
};

/** OData v2 writes `Edm.Int64` as a string. */
function readWhole(wire: unknown): number | undefined {
  const value = typeof wire === 'string' && WHOLE.test(wire) ? Number(wire) : wire;
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

function readDecimal(wire: unknown): string | undefined {
  return typeof wire === 'string' || typeof wire === 'number'
    ? decimalNotation(String(wire))
    : undefined;
}

/**
 * NOTE: the milliseconds of `/Date(ms+offset)/` are UTC already; the offset only says where the
 * writer's clock stood.
 */
function readInstant(wire: unknown): Date | undefined {
  if (typeof wire !== 'string') return undefined;
  const milliseconds = WIRE_DATE.exec(wire)?.[1];
  if (milliseconds === undefined) return parseIsoInstant(wire);
  const instant = new Date(Number(milliseconds));
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

function readDay(wire: unknown): string | undefined {
  if (typeof wire === 'string' && isCalendarDate(wire)) return wire;
  const instant = readInstant(wire);
  return instant === undefined || !hasFourDigitYear(instant) ? undefined : utcDay(instant);
}

function readGuid(wire: unknown): string | undefined {
  return typeof wire === 'string' ? normalisedGuid(wire) : undefined;
}
