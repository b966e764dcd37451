import type { LegacyValue } from '../../entity';
import type { SandboxRecord } from '../control';
import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import { decimalOfNumber, toPlaces } from '../store/decimal';
import { stateProperties } from '../store/states';
import { asLegacyValue, unknownProperty, type NameOf } from './face';

const typePrefix = 'Microsoft.Crm.Sdk.Data.Services';

/** How many places the face writes: more than are kept, so texts cannot be compared as they are. */
const writtenPlaces = { money: 4, decimal: 10 };

/** The type of an entity's records: `Microsoft.Crm.Sdk.Data.Services.Account`. */
export function typeName(model: EntityModel): string {
  return `${typePrefix}.${model.schemaName}`;
}

const wireDate = (milliseconds: number): string => `/Date(${String(milliseconds)})/`;

function reference(property: PropertyModel, value: LegacyValue, nameOf: NameOf): unknown {
  const key = typeof value === 'string' ? value : null;
  return {
    __metadata: { type: `${typePrefix}.EntityReference` },
    Id: key,
    LogicalName: key === null ? null : (property.target ?? null),
    Name: key === null ? null : nameOf(property, key),
    RowVersion: null,
  };
}

/** Write one value; what the CRM keeps as an object is an object even without a value. */
function encodeValue(property: PropertyModel, value: LegacyValue, nameOf: NameOf): unknown {
  switch (property.kind) {
    case 'lookup':
      return reference(property, value, nameOf);
    case 'optionSet':
      return { __metadata: { type: `${typePrefix}.OptionSetValue` }, Value: value };
    case 'money': {
      const amount = typeof value === 'string' ? toPlaces(value, writtenPlaces.money) : null;
      return { __metadata: { type: `${typePrefix}.Money` }, Value: amount };
    }
    case 'decimal':
      return typeof value === 'string' ? toPlaces(value, writtenPlaces.decimal) : null;
    case 'dateTime':
      return value instanceof Date ? wireDate(value.getTime()) : null;
    case 'dateOnly':
      return typeof value === 'string' ? wireDate(Date.parse(`${value}T00:00:00Z`)) : null;
    default:
      return value;
  }
}

function innerValue(
  property: PropertyModel,
  value: unknown,
  names: readonly [string, ...string[]],
): unknown {
  // NOTE: a null in place of the object is no way to empty it: every inner value must be null.
  if (typeof value !== 'object' || value === null) {
    throw new CrmError(
      'badPayload',
      `${property.name} takes an object; to empty it set every inner value to null.`,
    );
  }
  const inner: Readonly<Record<string, unknown>> = { ...value };
  for (const name of Object.keys(inner)) {
    if (name !== '__metadata' && !names.includes(name)) {
      throw new CrmError('badPayload', `${property.name} has no inner property '${name}'.`);
    }
  }
  return inner[names[0]] ?? null;
}

function decodeReference(property: PropertyModel, value: unknown): unknown {
  const key = innerValue(property, value, ['Id', 'LogicalName', 'Name', 'RowVersion']);
  const logicalName =
    typeof value === 'object' && value !== null && 'LogicalName' in value
      ? value.LogicalName
      : undefined;
  if (key !== null && typeof logicalName === 'string' && logicalName !== property.target) {
    throw new CrmError(
      'invalidArgument',
      `${property.name} cannot refer to '${logicalName}', only to '${property.target ?? ''}'.`,
    );
  }
  return key;
}

function decodeDate(property: PropertyModel, value: unknown): Date | null {
  if (value === null) return null;
  const match =
    typeof value === 'string' ? /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(value) : null;
  const iso = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  const date = iso ? new Date(value) : new Date(Number(match?.[1] ?? Number.NaN));
  if (Number.isNaN(date.getTime())) {
    throw new CrmError('badPayload', `${property.name} takes a date as /Date(milliseconds)/.`);
  }
  return date;
}

function decodeDecimal(value: unknown): unknown {
  return typeof value === 'number' ? decimalOfNumber(value) : value;
}

function decodeRaw(property: PropertyModel, value: unknown): unknown {
  switch (property.kind) {
    case 'lookup':
      return decodeReference(property, value);
    case 'optionSet':
      return innerValue(property, value, ['Value']);
    case 'money':
      return decodeDecimal(innerValue(property, value, ['Value']));
    case 'decimal':
      return decodeDecimal(value);
    case 'dateTime':
    case 'dateOnly':
      return decodeDate(property, value);
    default:
      return value;
  }
}

/**
 * Read the body of a create or update into neutral values.
 *
 * @throws CrmError for unknown properties and values of another form.
 */
export function decodeBody(
  model: EntityModel,
  body: Readonly<Record<string, unknown>>,
): Record<string, LegacyValue> {
  const values: Record<string, LegacyValue> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === '__metadata') continue;
    const property = model.properties.get(name);
    if (property === undefined) throw unknownProperty(model, name);
    if (property.role === 'stamp') continue;
    if (name === stateProperties.state && property.role === 'state') throw notSetHere(name);
    values[name] = asLegacyValue(property, decodeRaw(property, value));
  }
  return values;
}

/**
 * NOTE: what the service answers to it is not documented; no update of this service has ever changed
 * a state.
 */
function notSetHere(name: string): CrmError {
  return new CrmError('invalidArgument', `${name} can only be set by a SetState request.`);
}

/** Write the properties of a record that are asked for; all of them without a list. */
export function encodeRecord(
  model: EntityModel,
  record: SandboxRecord,
  options: { readonly nameOf: NameOf; readonly select?: ReadonlySet<string> | undefined },
): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const property of model.properties.values()) {
    if (options.select !== undefined && !options.select.has(property.name)) continue;
    const value = record[property.name] ?? null;
    encoded[property.name] = encodeValue(property, value, options.nameOf);
  }
  return encoded;
}
