import type { LegacyValue } from '../../entity';
import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import { parseGuid } from '../guid';
import { decimalOfNumber, isDecimal } from '../store/decimal';
import type { Row } from '../store/row-list';
import { asLegacyValue, unknownProperty, type NameOf } from './face';

/** Finds an entity by its set's name. */
export type EntityBySet = (collectionName: string) => EntityModel | undefined;

/** How records are written out. */
export interface EncodeOptions {
  readonly nameOf: NameOf;
  /** Names as the face shows them (`name`, `_optevia_sector_value`); undefined for all. */
  readonly select?: ReadonlySet<string> | undefined;
  readonly wantsAnnotation: (name: string) => boolean;
  /** Decimals as strings (`IEEE754Compatible=true`), since a JSON number loses their last digits. */
  readonly decimalsAsStrings: boolean;
}

/** The name under which a property is read. */
export function shownName(property: PropertyModel): string {
  return property.kind === 'lookup' ? property.valueName : property.logicalName;
}

/** The weak ETag of a record's version. */
export function etagOf(row: Row): string {
  return `W/"${String(row.version)}"`;
}

function encodeValue(
  property: PropertyModel,
  value: LegacyValue,
  decimalsAsStrings: boolean,
): unknown {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  const isDecimalKind = property.kind === 'decimal' || property.kind === 'money';
  return isDecimalKind && value !== null && !decimalsAsStrings ? Number(value) : value;
}

const annotations = {
  logicalName: 'Microsoft.Dynamics.CRM.lookuplogicalname',
  navigation: 'Microsoft.Dynamics.CRM.associatednavigationproperty',
  formatted: 'OData.Community.Display.V1.FormattedValue',
};

/** What is said about a lookup beside its key. */
function lookupAnnotations(
  property: PropertyModel,
  key: string,
  { nameOf, wantsAnnotation }: EncodeOptions,
): Record<string, unknown> {
  const all: [string, string | null | undefined][] = [
    [annotations.navigation, property.navigationName],
    [annotations.logicalName, property.target],
    [annotations.formatted, nameOf(property, key)],
  ];
  const wanted = all.filter(([name, value]) => wantsAnnotation(name) && typeof value === 'string');
  return Object.fromEntries(
    wanted.map(([name, value]) => [`${property.valueName}@${name}`, value]),
  );
}

/** Write a record, its ETag first; the key comes whether selected or not. */
export function encodeRow(
  model: EntityModel,
  row: Row,
  options: EncodeOptions,
): Record<string, unknown> {
  const encoded: Record<string, unknown> = { '@odata.etag': etagOf(row) };
  for (const property of model.properties.values()) {
    const name = shownName(property);
    const isWanted = options.select === undefined || options.select.has(name);
    if (!isWanted && property.role !== 'key') continue;
    const value = row.values[property.name] ?? null;
    encoded[name] = encodeValue(property, value, options.decimalsAsStrings);
    if (property.kind === 'lookup' && typeof value === 'string') {
      Object.assign(encoded, lookupAnnotations(property, value, options));
    }
  }
  return encoded;
}

/** Whether numbers come and go as strings, from `Accept` or `Content-Type`. */
export function isIeee754Compatible(header: string | undefined): boolean {
  return /ieee754compatible\s*=\s*true/i.test(header ?? '');
}

function decodeDecimal(property: PropertyModel, value: unknown, asStrings: boolean): unknown {
  if (value === null) return null;
  if (asStrings && typeof value === 'string' && isDecimal(value)) return value;
  if (!asStrings && typeof value === 'number') return decimalOfNumber(value);
  throw new CrmError(
    'badPayload',
    `Cannot convert the value of ${property.logicalName} to the expected type 'Edm.Decimal'` +
      (asStrings ? '.' : ': a number, or a string with IEEE754Compatible=true.'),
  );
}

function decodeDate(property: PropertyModel, value: unknown): Date | null {
  if (value === null) return null;
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(value);
  const date = new Date(isIso ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw new CrmError(
      'badPayload',
      `Cannot convert the value of ${property.logicalName} to the expected type ` +
        `'Edm.DateTimeOffset', such as 2026-11-21T12:26:26Z.`,
    );
  }
  return date;
}

function decodeValue(property: PropertyModel, value: unknown, asStrings: boolean): LegacyValue {
  switch (property.kind) {
    case 'decimal':
    case 'money':
      return asLegacyValue(property, decodeDecimal(property, value, asStrings));
    case 'dateTime':
      return decodeDate(property, value);
    default:
      return asLegacyValue(property, value);
  }
}

/** Read `/accounts(guid)`, with or without a service root before it. */
function boundKey(property: PropertyModel, value: unknown, entityBySet: EntityBySet): LegacyValue {
  if (value === null) return null;
  const match = typeof value === 'string' ? /(?:^|\/)([^/(]+)\(([^)]*)\)$/.exec(value) : null;
  const key = parseGuid(match?.[2] ?? '');
  const target = entityBySet(match?.[1] ?? '');
  if (key === undefined || target?.logicalName !== property.target) {
    throw new CrmError(
      'badPayload',
      `${property.navigationName}@odata.bind takes the address of a ${property.target ?? ''}, ` +
        `such as /accounts(00000000-0000-0000-0000-000000000001).`,
    );
  }
  return key;
}

function lookupByNavigation(model: EntityModel, name: string): PropertyModel | undefined {
  return model.lookups.find(({ navigationName }) => navigationName === name);
}

function undeclared(model: EntityModel, name: string): CrmError {
  const lookup = model.lookups.find(
    ({ navigationName, valueName }) =>
      valueName === name || navigationName.toLowerCase() === name.toLowerCase(),
  );
  if (lookup === undefined) return unknownProperty(model, name);
  return new CrmError(
    'badPayload',
    `An undeclared property '${name}' was found in the payload. The lookup is written with ` +
      `'${lookup.navigationName}@odata.bind'.`,
  );
}

/**
 * Read the body of a create or update into neutral values, by schema name.
 *
 * @throws CrmError for unknown properties, wrong case included, and values of another form.
 */
export function decodeBody(
  model: EntityModel,
  body: Readonly<Record<string, unknown>>,
  options: { readonly entityBySet: EntityBySet; readonly decimalsAsStrings: boolean },
): Record<string, LegacyValue> {
  const values: Record<string, LegacyValue> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name.startsWith('@')) continue;
    const bound = name.endsWith('@odata.bind') ? name.slice(0, -'@odata.bind'.length) : undefined;
    const lookup = lookupByNavigation(model, bound ?? name);
    if (lookup !== undefined && (bound !== undefined || value === null)) {
      values[lookup.name] = boundKey(lookup, value, options.entityBySet);
      continue;
    }
    const property = model.byLogicalName.get(name);
    if (property === undefined || property.kind === 'lookup')
      throw undeclared(model, bound ?? name);
    if (property.role === 'stamp') continue;
    values[property.name] = decodeValue(property, value, options.decimalsAsStrings);
  }
  return values;
}
