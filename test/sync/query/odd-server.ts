import type { LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';

/** How a server family, or one server of it, understands filters. */
export interface ServerWays {
  /** `ne 5` finds records without a value. */
  readonly nullsDiffer: boolean;
  /** Capitals, accents and trailing blanks make no difference. */
  readonly loose: boolean;
  /** `tolower` knows ASCII only. */
  readonly lowersAsciiOnly: boolean;
}

/** A value as the server keeps it: instants and days in microseconds, decimals as text. */
export type Kept = string | number | boolean | bigint | null;

/** One record on the server, by property. */
export type KeptRecord = Readonly<Record<string, Kept>>;

type Node<Op extends LegacyFilter['op']> = Extract<LegacyFilter, { op: Op }>;
type Comparison = Extract<LegacyFilter, { property: LegacyProperty; value: LegacyValue }>;

const usPerMs = 1000n;

/** Evaluate a filter as a server with these ways does. */
export function matches(ways: ServerWays, filter: LegacyFilter, record: KeptRecord): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((part) => matches(ways, part, record));
    case 'or':
      return filter.filters.some((part) => matches(ways, part, record));
    case 'not':
      return !matches(ways, filter.filter, record);
    case 'in':
      return filter.values.some((value) =>
        compares(ways, { op: 'eq', property: filter.property, value }, record),
      );
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return hasText(ways, filter, record);
    case 'datePart':
      return hasPart(ways, filter, record);
    default:
      return compares(ways, filter, record);
  }
}

function holds(op: string, order: number): boolean {
  if (op === 'eq' || op === 'ne') return (order === 0) === (op === 'eq');
  if (op === 'gt' || op === 'ge') return order > 0 || (order === 0 && op === 'ge');
  return order < 0 || (order === 0 && op === 'le');
}

function compares(
  ways: ServerWays,
  { op, property, value }: Comparison,
  record: KeptRecord,
): boolean {
  const kept = record[property.name] ?? null;
  if (value === null) return holds(op, kept === null ? 0 : 1);
  if (kept === null) return op === 'ne' && ways.nullsDiffer;
  return holds(op, orderOf(ways, property, [kept, value]));
}

function orderOf(
  ways: ServerWays,
  { kind }: LegacyProperty,
  [kept, value]: readonly [NonNullable<Kept>, NonNullable<LegacyValue>],
): number {
  switch (kind) {
    case 'string':
      return order(shaped(ways, String(kept)), shaped(ways, String(value)));
    case 'decimal':
    case 'money':
      return order(scaled(String(kept)), scaled(String(value)));
    case 'dateTime':
      return order(BigInt(kept), BigInt((value as Date).getTime()) * usPerMs);
    case 'dateOnly':
      return order(BigInt(kept), microsecondsOf(`${String(value)}T00:00:00Z`));
    default:
      if (typeof kept !== typeof value) throw new TypeError(`${kind} with ${typeof value}`);
      return order(kept, value as NonNullable<Kept>);
  }
}

function order(one: NonNullable<Kept>, other: NonNullable<Kept>): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Decimals with up to 20 digits behind the point, as whole numbers. */
function scaled(text: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{0,20}))?$/.exec(text) ?? [];
  if (whole === '') throw new TypeError(`${text} is no decimal`);
  return BigInt(`${sign}${whole}${fraction.padEnd(20, '0')}`);
}

/** An instant in microseconds: the form in which the server keeps it. */
export function microsecondsOf(instant: string): bigint {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) throw new TypeError(`${instant} is no instant`);
  return BigInt(ms) * usPerMs;
}

function shaped({ loose }: ServerWays, text: string): string {
  if (!loose) return text;
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trimEnd();
}

function lower({ lowersAsciiOnly }: ServerWays, text: string): string {
  if (!lowersAsciiOnly) return text.toLowerCase();
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function hasText(
  ways: ServerWays,
  { op, property, value, ignoreCase }: Node<'startsWith' | 'endsWith' | 'contains'>,
  record: KeptRecord,
): boolean {
  const kept = record[property.name] ?? null;
  if (kept === null) return false;
  const fold = (text: string): string => (ignoreCase ? lower(ways, text) : text);
  const loosely = { ...ways };
  const text = fold(loosely.loose ? shapedInside(String(kept)) : String(kept));
  const part = fold(loosely.loose ? shapedInside(value) : value);
  if (op === 'contains') return text.includes(part);
  return op === 'startsWith' ? text.startsWith(part) : text.endsWith(part);
}

function shapedInside(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function hasPart(
  ways: ServerWays,
  { part, comparison, property, value }: Node<'datePart'>,
  record: KeptRecord,
): boolean {
  const kept = record[property.name] ?? null;
  if (kept === null) return comparison === 'ne' && ways.nullsDiffer;
  const us = BigInt(kept);
  const ms = us / usPerMs - (us % usPerMs < 0n ? 1n : 0n);
  const date = new Date(Number(ms));
  const parts = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
  return holds(comparison, order(parts[part], value));
}
