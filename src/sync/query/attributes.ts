import type { DatePart, Dialect, LegacyProperty, PropertyKind } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import { partOfDate } from './date-part-subject';
import { days, decimals, instants, wholeNumbers, type OrderedProperty } from './ordered-subjects';
import { floats } from './float-subject';
import type { QueryContext, Subject } from './subject';
import { texts } from './text-subject';
import { guidOf, tokens } from './token-subject';

/** An attribute that filters can name. */
export interface Named {
  readonly subject: Subject;
  readonly property: LegacyProperty;
  readonly nullable: boolean;
}

/** Look an attribute up, by its name or its column's; a text says why no filter can name it. */
export function namedAttribute(context: QueryContext, attribute: string): Named | string {
  const { mapping } = context;
  return (
    keyAttribute(context, attribute) ??
    stampAttribute(context, attribute) ??
    mappedAttribute(context, mapping.byAttribute.get(attribute) ?? byColumn(mapping, attribute)) ??
    `${attribute} is not mapped`
  );
}

/** A part of a date attribute; a text says why no filter can name it. */
export function namedPart(
  context: QueryContext,
  attribute: string,
  part: DatePart,
): Subject | string {
  const named = namedAttribute(context, attribute);
  if (typeof named === 'string') return named;
  const { kind } = named.property;
  if (kind !== 'dateTime' && kind !== 'dateOnly') return `${attribute} is not a date there`;
  return partOfDate(named, part, context.dialect);
}

function byColumn(mapping: Mapping, name: string): MappedAttribute | undefined {
  if (name in mapping.model.getAttributes()) return undefined;
  return mapping.attributes.find(({ column }) => column === name);
}

function isNullable(mapping: Mapping, attribute: string): boolean {
  return mapping.model.getAttributes()[attribute]?.allowNull !== false;
}

function mappedAttribute(
  context: QueryContext,
  mapped: MappedAttribute | undefined,
): Named | string | undefined {
  if (!mapped) return undefined;
  const { attribute, property } = mapped;
  if (mapped.comparable === 'none') return `${attribute} has a conversion of its own`;
  const nullable = isNullable(context.mapping, attribute);
  const subject = subjectOf(context, mapped, nullable);
  if (subject) return { subject, property, nullable };
  return `the column of ${attribute} keeps ${property.kind} in a way of its own`;
}

/**
 * How values of each kind compare in the column that they are kept in; undefined for a column of a
 * type that compares otherwise.
 */
function subjectOf(
  context: QueryContext,
  mapped: MappedAttribute,
  nullable: boolean,
): Subject | undefined {
  const { attribute: name, property } = mapped;
  const type = context.typeOf(context.mapping, mapped.column) ?? 'unknown';
  // A link's ends are plain GUIDs there, and references here.
  const kind = mapped.target ? 'lookup' : property.kind;
  return subjects[kind]({ name, property, nullable, type, mapped, context });
}

/** An attribute, and the column that it is kept in. */
interface KeptAttribute extends OrderedProperty {
  readonly type: string;
  readonly mapped: MappedAttribute;
  readonly context: QueryContext;
}

const subjects: Record<PropertyKind, (kept: KeptAttribute) => Subject | undefined> = {
  string: (kept) => textSubject(kept, kept.context.dialect),
  integer: wholeSubject,
  optionSet: (kept) =>
    kept.mapped.comparable === 'equality' ? optionNames(kept) : wholeSubject(kept),
  decimal: (kept) => decimalSubject(kept, kept.type),
  money: (kept) => decimalSubject(kept, kept.type),
  boolean: (kept) => (kept.type === 'boolean' ? tokens({ ...kept, convert: truthOf }) : undefined),
  dateTime: (kept) => {
    const grain = instantGrain(kept.type, kept.context.dialect);
    return grain && instants(kept, grain);
  },
  dateOnly: (kept) =>
    kept.type === 'date' ? days(kept, kept.context.dialect.daysAreInstants) : undefined,
  guid: (kept) => guidSubject(kept, kept.type),
  lookup: (kept) =>
    tokens({ ...kept, convert: (id) => keyOf(kept.context, kept.mapped.target, id) }),
};

function wholeSubject(kept: KeptAttribute): Subject | undefined {
  return isWhole(kept.type) ? wholeNumbers(kept, largestIn(kept.type, kept.property)) : undefined;
}

interface TextColumn {
  readonly name: string;
  readonly property: LegacyProperty;
  readonly nullable: boolean;
  readonly type: string;
}

function textSubject(
  { type, name, property, nullable }: TextColumn,
  dialect: Dialect,
): Subject | undefined {
  const text = { name, property, nullable };
  if (type === 'text' || type === 'character varying' || isEnumeration(type)) {
    return texts(text, dialect);
  }
  if (type === 'citext') return texts({ ...text, looseHere: 'case' }, dialect);
  return type === 'character' ? texts({ ...text, looseHere: 'blanks' }, dialect) : undefined;
}

/** Sequelize's name for the type of an ENUM column. */
function isEnumeration(type: string): boolean {
  return /(^|[."])enum_/.test(type);
}

function isWhole(type: string): boolean {
  return /^(smallint|integer|bigint|numeric|double precision)/.test(type);
}

function largestIn(type: string, { kind }: LegacyProperty): number {
  if (type === 'smallint') return 32_767;
  // An option set is an Edm.Int32 wherever it is kept.
  if (type === 'integer' || kind === 'optionSet') return 2_147_483_647;
  return Number.MAX_SAFE_INTEGER;
}

function decimalSubject(
  ordered: Parameters<typeof decimals>[0],
  type: string,
): Subject | undefined {
  if (/^(smallint|integer|bigint)$/.test(type)) return decimals(ordered, 0);
  if (type === 'real' || type === 'double precision') return floats(ordered);
  const match = /^numeric(?:\(\d+,(-?\d+)\))?$/.exec(type);
  if (!match) return undefined;
  const scale = match[1] === undefined ? undefined : Number(match[1]);
  return scale !== undefined && scale < 0 ? undefined : decimals(ordered, scale);
}

function instantGrain(
  type: string,
  { wholeSecondStamps }: Dialect,
): Parameters<typeof instants>[1] | undefined {
  const match = /^timestamp(?:\((\d)\))? with time zone$/.exec(type);
  if (!match) return undefined;
  return { wholeSeconds: wholeSecondStamps, roundedHere: Number(match[1] ?? 6) < 3 };
}

function guidSubject(ordered: Parameters<typeof decimals>[0], type: string): Subject | undefined {
  if (type === 'uuid') return tokens({ ...ordered, convert: guidOf });
  if (type !== 'text' && type !== 'character varying') return undefined;
  // A text here is what came: lower case, no braces.
  const asItCame = (value: unknown): string | undefined => {
    const guid = guidOf(value);
    return guid === value ? guid : undefined;
  };
  return tokens({ ...ordered, convert: asItCame });
}

/** NOTE: two names of one number come back as one of them; the other is on no row. */
function optionNames({ mapped, nullable, type }: KeptAttribute): Subject | undefined {
  if (type !== 'text' && type !== 'character varying' && !isEnumeration(type)) return undefined;
  const convert = (value: unknown): number | undefined => {
    if (typeof value !== 'string') throw new RangeError('the value is not a name');
    try {
      const code = mapped.toLegacy(value);
      return mapped.fromLegacy(code) === value ? Number(code) : undefined;
    } catch {
      return undefined;
    }
  };
  return tokens({ name: mapped.attribute, property: mapped.property, nullable, convert });
}

function truthOf(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new RangeError('the value is neither true nor false');
}

function keyOf(
  context: QueryContext,
  target: Mapping | undefined,
  id: unknown,
): string | undefined {
  if (typeof id === 'object') throw new RangeError('the value is not a key');
  return target && (context.keyOf(target, id) ?? undefined);
}

function keyAttribute(context: QueryContext, attribute: string): Named | undefined {
  const { mapping } = context;
  const property: LegacyProperty = { name: mapping.entity.key, kind: 'guid' };
  const columnOf = (name: string): string => mapping.model.getAttributes()[name]?.field ?? name;
  const key = mapping.model.primaryKeyAttribute;
  const common = { name: attribute, property, nullable: false };
  if (attribute === 'legacyId' || attribute === columnOf('legacyId')) {
    return { ...common, subject: tokens({ ...common, convert: guidOf }) };
  }
  if (attribute !== key && attribute !== columnOf(key)) return undefined;
  const convert = (id: unknown): string | undefined => keyOf(context, mapping, id);
  return { ...common, subject: tokens({ ...common, convert }) };
}

function stampAttribute(context: QueryContext, attribute: string): Named | undefined {
  const { mapping, dialect } = context;
  const property = stampProperty(mapping, attribute);
  if (!property) return undefined;
  const ordered = { name: attribute, property, nullable: false };
  const grain = { wholeSeconds: dialect.wholeSecondStamps, roundedHere: false };
  return { property, nullable: false, subject: instants(ordered, grain) };
}

/** The property of the stamp that an attribute is a copy of. */
export function stampProperty(mapping: Mapping, attribute: string): LegacyProperty | undefined {
  const { modifiedOn, createdOn } = mapping.entity;
  const isModified = attribute === 'modifiedAt' || attribute === 'legacyModifiedAt';
  const name = isModified ? modifiedOn : attribute === 'createdAt' ? createdOn : undefined;
  return name === undefined ? undefined : { name, kind: 'dateTime' };
}
