import type { LegacyProperty, LegacyValue, PropertyKind } from '../entity';
import { hasFourDigitYear, isCalendarDate } from './calendar';
import { decimalNotation } from './decimals';
import { normalisedGuid } from './guid';
import { UnsendableError } from './problems';

/** A value that is known to fit its property's kind. */
export type SendableValue = Exclude<LegacyValue, null>;

/**
 * Check that a value is of its property's kind, and give it in the one form that is sent.
 *
 * @returns GUIDs in lower case without braces, decimals in decimal notation, the rest as it is.
 * @throws {@link UnsendableError} naming the property.
 */
export function sendableValue(property: LegacyProperty, value: SendableValue): SendableValue {
  const checked = checks[property.kind](value);
  if (checked === undefined) {
    throw new UnsendableError(`${property.name} (${property.kind}) cannot hold ${shown(value)}`);
  }
  return checked;
}

type Check = (value: SendableValue) => SendableValue | undefined;

const checks: Record<PropertyKind, Check> = {
  string: text((value) => (isWellFormed(value) ? value : undefined)),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  integer: whole,
  optionSet: whole,
  decimal,
  money: decimal,
  dateTime: (value) => (value instanceof Date && hasFourDigitYear(value) ? value : undefined),
  dateOnly: text((value) => (isCalendarDate(value) ? value : undefined)),
  guid: text(normalisedGuid),
  lookup: text(normalisedGuid),
};

function text(check: (value: string) => string | undefined): Check {
  return (value) => (typeof value === 'string' ? check(value) : undefined);
}

function whole(value: SendableValue): SendableValue | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}

function decimal(value: SendableValue): string | undefined {
  const isNumeral = typeof value === 'number' || typeof value === 'string';
  return isNumeral ? decimalNotation(String(value)) : undefined;
}

/** Half of a surrogate pair cannot be written in UTF-8, neither in a URL nor in a body. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** The type only: values may be personal. */
function shown(value: SendableValue): string {
  return value instanceof Date ? 'this date' : `this ${typeof value}`;
}
