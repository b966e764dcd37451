import type { LegacyValue } from '../../entity';
import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import { parseGuid } from '../guid';
import { decimalOfNumber, isDecimal, toPlaces } from './decimal';

/** The CRM's database knows no earlier date. */
const earliestDate = Date.UTC(1753, 0, 1);
const integerLimit = 2 ** 31;
/** What the CRM keeps of decimals and money when the schema says nothing. */
const defaultPlaces = { decimal: 2, money: 4 };

type Rule = (property: PropertyModel, value: NonNullable<LegacyValue>) => LegacyValue;

function mismatch(property: PropertyModel, expected: string): CrmError {
  return new CrmError('badRequest', `The value of ${property.name} is not ${expected}.`);
}

function text(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  if (typeof value !== 'string') throw mismatch(property, 'a string');
  if (property.maxLength !== undefined && value.length > property.maxLength) {
    throw new CrmError(
      'stringTooLong',
      `A validation error occurred. The length of the '${property.logicalName}' attribute ` +
        `exceeded the maximum allowed length of '${String(property.maxLength)}'.`,
    );
  }
  return value === '' ? null : value;
}

function whole(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  if (!Number.isInteger(value)) throw mismatch(property, 'a whole number');
  if (Number(value) >= integerLimit || Number(value) < -integerLimit) {
    throw mismatch(property, 'a number of 32 bits');
  }
  return value;
}

function decimal(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  const written =
    typeof value === 'number' && Number.isFinite(value) ? decimalOfNumber(value) : value;
  if (typeof written !== 'string' || !isDecimal(written)) throw mismatch(property, 'a decimal');
  const kindPlaces = property.kind === 'money' ? defaultPlaces.money : defaultPlaces.decimal;
  return toPlaces(written, property.precision ?? kindPlaces);
}

function checkDate(property: PropertyModel, milliseconds: number): void {
  if (Number.isNaN(milliseconds)) throw mismatch(property, 'a date');
  if (milliseconds < earliestDate) {
    throw new CrmError(
      'dateOutOfRange',
      'DateTime is less than minimum value supported by CrmDateTime. ' +
        'Minimum value supported: 01/01/1753 00:00:00',
    );
  }
}

function dateTime(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  if (!(value instanceof Date)) throw mismatch(property, 'a date');
  checkDate(property, value.getTime());
  return wholeSeconds(value);
}

function dateOnly(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  if (value instanceof Date) {
    checkDate(property, value.getTime());
    return value.toISOString().slice(0, 10);
  }
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) {
    throw mismatch(property, 'a date of the form 2026-11-21');
  }
  checkDate(property, Date.parse(`${value}T00:00:00Z`));
  return value;
}

function guid(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  const parsed = typeof value === 'string' ? parseGuid(value) : undefined;
  if (parsed === undefined) throw mismatch(property, 'a GUID');
  return parsed;
}

function boolean(property: PropertyModel, value: NonNullable<LegacyValue>): LegacyValue {
  if (typeof value !== 'boolean') throw mismatch(property, 'true or false');
  return value;
}

const rules: Record<PropertyModel['kind'], Rule> = {
  string: text,
  boolean,
  integer: whole,
  optionSet: whole,
  decimal,
  money: decimal,
  dateTime,
  dateOnly,
  guid,
  lookup: guid,
};

/** Cut a moment to the whole second in which it lies, as the CRM stores it. */
export function wholeSeconds(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 1000) * 1000);
}

/**
 * Turn a value into the one that the CRM stores: blank strings to null, numbers rounded, dates
 * without fractions of a second; white space stays.
 *
 * @throws CrmError when the property cannot hold it.
 */
export function storedValue(property: PropertyModel, value: LegacyValue): LegacyValue {
  return value === null ? null : rules[property.kind](property, value);
}

/**
 * Turn values to be written into stored ones. Stamps are left out: the CRM ignores a client's.
 *
 * @throws CrmError for unknown properties and values that cannot be stored.
 */
export function storedValues(
  model: EntityModel,
  values: Readonly<Record<string, LegacyValue>>,
): Record<string, LegacyValue> {
  const stored: Record<string, LegacyValue> = {};
  for (const [name, value] of Object.entries(values)) {
    const property = model.properties.get(name);
    if (property === undefined) {
      throw new CrmError(
        'badRequest',
        `The property name '${name}' specified for type '${model.schemaName}' is not valid.`,
      );
    }
    if (property.role !== 'stamp') stored[name] = storedValue(property, value);
  }
  return stored;
}

/** Refuse a record without a value for a required property. */
export function checkRequired(
  model: EntityModel,
  record: Readonly<Record<string, LegacyValue>>,
): void {
  for (const property of model.properties.values()) {
    if (property.required === true && (record[property.name] ?? null) === null) {
      throw new CrmError(
        'invalidArgument',
        `The attribute '${property.logicalName}' of '${model.logicalName}' is required.`,
      );
    }
  }
}
