import { Decimal, type EdmType, type EdmValue, Ticks } from './edm';
import { badRequest, type EntitySetType } from './schema';
import type { Stored } from './store';
import type { Addressing, Encoding, WireFormat } from './wire-format';

/** JSON of OData 2.0: verbose, `d`. Source: OData 2.0, JSON Format. */
export const v2Json: WireFormat = {
  contentType: 'application/json;charset=utf-8',
  one: (addressing, set, stored) => JSON.stringify({ d: record(addressing, set, stored) }),
  list: (addressing, set, { page, next }) => {
    const results = page.records.map((stored) => record(addressing, set, stored, page.select));
    const isBare = addressing.variation.bareLists === true && next === undefined;
    if (isBare) return JSON.stringify({ d: results });
    const count = page.count === undefined ? {} : { __count: String(page.count) };
    return JSON.stringify({ d: { ...count, results, ...(next && { __next: next }) } });
  },
  error: (status, message) =>
    JSON.stringify({
      error: { code: `REF/${status}`, message: { lang: 'en', value: message } },
    }),
};

function record(
  { root, variation }: Addressing,
  set: EntitySetType,
  stored: Stored,
  select?: readonly string[],
): Record<string, unknown> {
  const key = String(stored.row[set.key]);
  const uri = `${root}/${set.name}(guid'${key}')`;
  const etag = variation.etags === 'none' ? {} : { etag: etagOf(stored) };
  const members: Record<string, unknown> = {
    __metadata: { uri, type: `Ref.${set.name}`, ...etag },
  };
  for (const [name, type] of columns(set, select)) {
    const value = stored.row[name] ?? null;
    if (value === null && variation.omitsNulls === true) continue;
    members[name] = encode({ type, variation }, value);
  }
  // Every entity of a real service has some: they must be passed over.
  members.Links = { __deferred: { uri: `${uri}/Links` } };
  return members;
}

/** The key and the properties that are asked for. */
export function columns(
  set: EntitySetType,
  select: readonly string[] | undefined,
): [string, EdmType][] {
  const all: [string, EdmType][] = [[set.key, set.keyType ?? 'Edm.Guid']];
  for (const [name, { type }] of Object.entries(set.properties)) all.push([name, type]);
  return select === undefined ? all : all.filter(([name]) => select.includes(name));
}

/** Weak, and with characters that must come back as they were. */
export function etagOf({ version }: Stored): string {
  return `W/"datetime'2026-11-21T00%3A00%3A00'-${version}"`;
}

function encode({ type, variation }: Encoding, value: EdmValue): unknown {
  if (value === null) {
    return variation.emptyForNull === true && type !== 'Edm.String' ? '' : null;
  }
  if (value instanceof Ticks) {
    const milliseconds = value.date.getTime();
    return type === 'Edm.DateTimeOffset'
      ? `/Date(${milliseconds}+0060)/`
      : `/Date(${milliseconds})/`;
  }
  if (value instanceof Decimal || typeof value === 'bigint') return value.toString();
  if (type === 'Edm.Guid' && variation.guids === 'upper') return String(value).toUpperCase();
  return value;
}

/**
 * Read a member of a JSON body.
 *
 * @remarks As WCF Data Services reads them: decimals and 64-bit numbers must be strings; a date is
 *   only one where its slashes are escaped, which `raw` shows.
 */
export function decodeV2(name: string, type: EdmType, value: unknown, raw: string): EdmValue {
  if (value === null) return null;
  const decoded = v2Decoders[type]?.(value, raw);
  if (decoded === undefined) throw badRequest(`${name} is no ${type} of OData 2.0`);
  return decoded;
}

type Decoder = (value: unknown, raw: string) => EdmValue | undefined;

const text: Decoder = (value) => (typeof value === 'string' ? value : undefined);
const number: Decoder = (value) => (typeof value === 'number' ? value : undefined);

const instant: Decoder = (value, raw) => {
  const match = typeof value === 'string' ? /^\/Date\((-?\d+)(?:[+-]\d+)?\)\/$/.exec(value) : null;
  const isEscaped = typeof value === 'string' && raw.includes(value.replaceAll('/', '\\/'));
  return match === null || !isEscaped ? undefined : Ticks.ofMilliseconds(Number(match[1]));
};

/** What both versions read alike. */
export const decoders: Readonly<Partial<Record<EdmType, Decoder>>> = {
  'Edm.String': text,
  'Edm.Guid': (value) =>
    typeof value === 'string' && /^[0-9a-f-]{36}$/i.test(value) ? value.toLowerCase() : undefined,
  'Edm.Boolean': (value) => (typeof value === 'boolean' ? value : undefined),
  'Edm.Int32': (value) => (Number.isInteger(value) ? (value as number) : undefined),
  'Edm.Double': number,
};

const v2Decoders: Readonly<Partial<Record<EdmType, Decoder>>> = {
  ...decoders,
  'Edm.Int64': (value) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : undefined,
  'Edm.Decimal': (value) => (typeof value === 'string' ? Decimal.parse(value) : undefined),
  'Edm.DateTime': instant,
  'Edm.DateTimeOffset': instant,
};
