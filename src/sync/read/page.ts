import type { Dialect, LegacyOrder, LegacyQuery, PropertyKind } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { localTypeOf } from '../local-table';
import { stampProperty } from '../query/attributes';
import type { Bound } from '../query/bound';
import type { Synced } from '../runtime';
import type { ConformedInclude, EffectiveOptions } from './sequelize-internals';

/** The first records of an order: all that a page of rows can be made of. */
export type LegacyPage = Required<Pick<LegacyQuery, 'top' | 'orderBy'>>;

/**
 * Ask for the first records only, when a page of rows is wanted and the legacy system can say which
 * ones it is made of; a text says why it cannot. Its filter must match exactly, and every sort key
 * must be a number, a truth or a date that both sides sort alike: texts are sorted in other ways
 * there, option sets by their labels, and records without a value where PostgreSQL has them last.
 *
 * The rows of the page that came in no answer are looked at by the last check.
 */
export function pageOrReason(
  { runtime, mapping }: Pick<Synced, 'runtime' | 'mapping'>,
  bound: Bound,
  effective: EffectiveOptions,
): LegacyPage | string {
  const { limit, offset, order, isWhole } = effective;
  const start = offset ?? 0;
  if (limit === undefined || limit === null) return 'there is no limit';
  if (typeof limit !== 'number' || typeof start !== 'number') return 'the limit is not a number';
  if (!isWhole) return 'the answer does not show whole rows';
  if (!bound.exact) return 'the legacy filter may match more than the condition does';
  const joined = reasonOfIncludes(effective);
  if (joined !== undefined) return joined;
  const orderBy = legacyOrder({ mapping, dialect: runtime.client.dialect }, order);
  return typeof orderBy === 'string' ? orderBy : { top: start + limit, orderBy };
}

/** The page, where it can be asked for. */
export function legacyPage(
  synced: Pick<Synced, 'runtime' | 'mapping'>,
  bound: Bound,
  effective: EffectiveOptions,
): LegacyPage | undefined {
  const page = pageOrReason(synced, bound, effective);
  return typeof page === 'string' ? undefined : page;
}

/** Why a join decides which rows are on a page; undefined where it does not. */
function reasonOfIncludes({ includes, subQuery }: EffectiveOptions): string | undefined {
  const decides = (include: ConformedInclude): boolean =>
    include.required === true ||
    (include.where !== undefined && include.required !== false) ||
    (include.include ?? []).some(decides);
  if (includes.some(decides)) return 'a required include decides which rows are shown';
  const repeats = (include: ConformedInclude): boolean =>
    (include.association.isMultiAssociation && !include.separate) ||
    (include.include ?? []).some(repeats);
  if (subQuery === false && includes.some(repeats))
    return 'without a sub-query the limit cuts joins';
  return undefined;
}

interface Sorting {
  readonly mapping: Mapping;
  readonly dialect: Dialect;
}

function legacyOrder(sorting: Sorting, order: unknown): LegacyOrder[] | string {
  if (order === undefined || order === null) return [];
  if (!Array.isArray(order)) return 'the order is not a list of attributes';
  const entries: readonly unknown[] = order;
  const keys: LegacyOrder[] = [];
  for (const [index, entry] of entries.entries()) {
    const key = sortKey(sorting, entry, index === entries.length - 1);
    if (typeof key === 'string') return key;
    keys.push(key);
  }
  return keys;
}

/**
 * NOTE: a value that is kept coarser here than there sorts alike only as the last key: rows that are
 * equal here are in an order there, which would come before the next key.
 */
function sortKey(sorting: Sorting, entry: unknown, isLast: boolean): LegacyOrder | string {
  const [attribute, given = 'ASC', ...rest] = (Array.isArray(entry) ? entry : [entry]) as unknown[];
  const way = typeof given === 'string' ? wayOf(given) : undefined;
  if (typeof attribute !== 'string' || !way || rest.length > 0) {
    return 'the order is not one of attributes';
  }
  const sorted = sortedProperty(sorting, attribute);
  if (typeof sorted === 'string') return sorted;
  if (sorted.isFiner && !isLast) return `${attribute} is finer there, and not the last sort key`;
  const { direction, nulls } = way;
  if (sorted.nullable && nulls !== nullsIn(direction, sorting.dialect.nullOrder)) {
    return `rows without ${attribute} stand elsewhere there`;
  }
  return { property: sorted.property, direction };
}

/** `DESC NULLS LAST`; PostgreSQL takes a null for the largest value. */
function wayOf(given: string): { direction: 'asc' | 'desc'; nulls: string } | undefined {
  const match = /^(asc|desc)(?: nulls (first|last))?$/.exec(given.trim().toLowerCase());
  if (!match) return undefined;
  const direction = match[1] === 'desc' ? 'desc' : 'asc';
  return { direction, nulls: match[2] ?? (direction === 'asc' ? 'last' : 'first') };
}

function nullsIn(direction: 'asc' | 'desc', ascending: Dialect['nullOrder']): string | undefined {
  if (direction === 'asc' || ascending === undefined) return ascending;
  return ascending === 'first' ? 'last' : 'first';
}

interface SortedProperty {
  readonly property: LegacyOrder['property'];
  readonly nullable: boolean;
  /** The record's own value may have more digits than the row's. */
  readonly isFiner: boolean;
}

/** Types of columns that are sorted as numbers, truths, instants and days are. */
const sortedTypes: Partial<Record<PropertyKind, RegExp>> = {
  integer: /^(smallint|integer|bigint|numeric|double precision)/,
  decimal: /^(smallint|integer|bigint|numeric|double precision|real)/,
  money: /^(smallint|integer|bigint|numeric|double precision|real)/,
  boolean: /^boolean$/,
  dateTime: /^timestamp(\(\d\))? with time zone$/,
  dateOnly: /^date$/,
};

function sortedProperty({ mapping, dialect }: Sorting, attribute: string): SortedProperty | string {
  const stamp = stampProperty(mapping, attribute);
  if (stamp) return { property: stamp, nullable: false, isFiner: !dialect.wholeSecondStamps };
  const mapped = mapping.byAttribute.get(attribute);
  if (!mapped || mapped.comparable === 'none') return `${attribute} is not known there`;
  const { property, column } = mapped;
  const type = localTypeOf(mapping, column) ?? '';
  const { kind } = property;
  if (!sortedTypes[kind]?.test(type)) return `${attribute} is sorted in another way there`;
  const nullable = mapping.model.getAttributes()[attribute]?.allowNull !== false;
  return { property, nullable, isFiner: isFinerThere(dialect, kind, type) };
}

function isFinerThere(
  { wholeSecondStamps, daysAreInstants }: Dialect,
  kind: PropertyKind,
  type: string,
): boolean {
  if (kind === 'dateTime') return !wholeSecondStamps || type.includes('(');
  if (kind === 'dateOnly') return daysAreInstants;
  return (kind === 'decimal' || kind === 'money') && type !== 'numeric';
}
