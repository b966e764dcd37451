import { QueryTypes } from 'sequelize';
import { quote } from '../local-table';
import type { Difference } from './compare';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  type RefreshTable,
} from './input-sql';
import type { IncomingRow } from './row';
import type { StorePlace } from './scope';
import { uniqueIndexes, type IndexColumn, type UniqueIndex } from './unique-indexes';

/** A row that holds unique values which an incoming row is to have. */
export interface Holder {
  /** The legacy key; null of a row that the legacy system does not have. */
  readonly key: string | null;
}

/** Find the rows that hold unique values of other incoming rows. */
export async function holdersOf(
  place: StorePlace,
  table: RefreshTable,
  rows: readonly IncomingRow[],
): Promise<readonly Holder[]> {
  const holders: Holder[] = [];
  for (const index of await uniqueIndexes(place, table)) {
    holders.push(...(await holdersIn(place, table, { index, rows })));
  }
  return holders;
}

interface InIndex {
  readonly index: UniqueIndex;
  readonly rows: readonly IncomingRow[];
}

async function holdersIn(
  place: StorePlace,
  table: RefreshTable,
  { index, rows }: InIndex,
): Promise<Holder[]> {
  const { local, columns } = table;
  const t = local.columns;
  const mapped = new Set(columns.map(({ column }) => column));
  const incoming = index.columns.map(({ name }) => {
    if (quote(name) === t.deletedAt) return `NULL::timestamptz AS ${t.deletedAt}`;
    const value = mapped.has(name) ? incomingValue(table, name) : `t.${quote(name)}`;
    return `${value} AS ${quote(name)}`;
  });
  const parts = index.parts.map((part, at) => `(${part}) AS "#part${at}"`).join(', ');
  const same = index.parts.map((_, at) => `h."#part${at}" = w."#part${at}"`).join(' AND ');
  return place.sequelize.query<Holder>(
    `
SELECT DISTINCT h."#holder"::text AS key
  FROM (SELECT ${t.legacyId} AS "#holder", ${parts} FROM ${local.name}
         WHERE ${index.predicate}) h
  JOIN (SELECT "#wanting", ${parts} FROM (
          SELECT i."#key" AS "#wanting", ${incoming.join(', ')}
            FROM ${inputTable(table, '$1')}
            LEFT JOIN ${local.name} t ON t.${t.legacyId} = i."#key"
            ${lookupJoins(table)}) AS wanted
         WHERE ${index.predicate}) w
    ON ${same} AND h."#holder" IS DISTINCT FROM w."#wanting"`,
    { bind: [inputParameter(rows)], type: QueryTypes.SELECT, transaction: place.transaction },
  );
}

/** What is known of rows that hold unique values of others. */
export interface Moved {
  /** Those whose records are gone, and that have no local changes. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Have rows let go of unique values that others take; gives those that are here as they are then, and
 * undefined when one of them was changed meanwhile.
 */
export async function freed(
  place: StorePlace,
  table: RefreshTable,
  { differences, moved }: { readonly differences: readonly Difference[]; readonly moved: Moved },
): Promise<readonly Difference[] | undefined> {
  const rows = differences.map(({ row }) => row);
  const found = differences.filter(({ id }) => id !== null);
  const seen = new Map(found.map((one) => [one.row.key, one.seen ?? '']));
  await emptyValues(place, table, { rows, gone: moved.gone });
  const after = await letGo(place, table, { rows, seen });
  return after && found.map((one) => ({ ...one, seen: after.get(one.row.key) ?? one.seen }));
}

/** Rows that were compared, by legacy key with their `xmin`. */
type Seen = ReadonlyMap<string, string>;

/**
 * Have rows that are about to be updated let go of unique values that others of them take: for a
 * moment they hold nothing, or a value that nobody has.
 *
 * @returns what `xmin` the rows have then; undefined when one of them was changed since it was
 * compared: nothing may be stored then.
 */
async function letGo(
  place: StorePlace,
  table: RefreshTable,
  { rows, seen }: { readonly rows: readonly IncomingRow[]; readonly seen: Seen },
): Promise<Seen | undefined> {
  const indexes = await uniqueIndexes(place, table);
  const held: { index: UniqueIndex; keys: string[] }[] = [];
  for (const index of indexes) {
    const holders = await holdersIn(place, table, { index, rows });
    const keys = holders.flatMap(({ key }) => (key !== null && seen.has(key) ? [key] : []));
    held.push({ index, keys });
  }
  const locked = await lockedRows(place, table, [...new Set(held.flatMap(({ keys }) => keys))]);
  if (locked.some(({ key, xmin }) => seen.get(key) !== xmin)) return undefined;
  const now = new Map(seen);
  for (const one of held) {
    for (const { key, xmin } of await parked(place, table, one)) now.set(key, xmin);
  }
  return now;
}

interface SeenRow {
  readonly key: string;
  readonly xmin: string;
}

async function lockedRows(
  place: StorePlace,
  { local: { name, columns: t } }: RefreshTable,
  keys: readonly string[],
): Promise<SeenRow[]> {
  return place.sequelize.query<SeenRow>(
    `
SELECT ${t.legacyId}::text AS key, xmin::text AS xmin FROM ${name}
 WHERE ${t.legacyId} = ANY ($1::uuid[]) ORDER BY ${t.legacyId} FOR UPDATE`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: place.transaction },
  );
}

/**
 * Empty the unique values of rows whose records are gone, where their column allows it: new records
 * may have taken them over.
 */
async function emptyValues(
  place: StorePlace,
  table: RefreshTable,
  { rows, gone }: { readonly rows: readonly IncomingRow[]; readonly gone: ReadonlySet<string> },
): Promise<void> {
  for (const index of await uniqueIndexes(place, table)) {
    const held = await holdersIn(place, table, { index, rows });
    const keys = held.flatMap(({ key }) => (key !== null && gone.has(key) ? [key] : []));
    const isEmptiable = index.columns.some(({ nullable }) => nullable);
    if (isEmptiable) await parked(place, table, { index, keys });
  }
}

async function parked(
  place: StorePlace,
  { local: { name, columns: t } }: RefreshTable,
  { index, keys }: { readonly index: UniqueIndex; readonly keys: readonly string[] },
): Promise<SeenRow[]> {
  const column = index.columns.find(({ nullable }) => nullable) ?? index.columns.find(hasFreeValue);
  if (keys.length === 0 || !column) return [];
  return place.sequelize.query<SeenRow>(
    `
WITH numbered AS (SELECT key, row_number() OVER () AS number FROM unnest($1::uuid[]) AS key)
UPDATE ${name} t SET ${quote(column.name)} = ${freeValue(column, name)}
  FROM numbered n WHERE t.${t.legacyId} = n.key
RETURNING t.${t.legacyId}::text AS key, t.xmin::text AS xmin`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: place.transaction },
  );
}

const texts = /^(text|character|character varying|citext)$/;
const numbers = /^(smallint|integer|bigint|numeric|real|double precision)$/;
const times = /^(date|timestamp with(out)? time zone)$/;

function hasFreeValue({ type, refers }: IndexColumn): boolean {
  return !refers && (texts.test(type) || numbers.test(type) || times.test(type) || type === 'uuid');
}

/** SQL: nothing, or a value that no row has. */
function freeValue({ name, type, nullable, length }: IndexColumn, table: string): string {
  const column = quote(name);
  if (nullable) return 'NULL';
  const least = `(SELECT min(${column}) FROM ${table})`;
  if (numbers.test(type)) return `(${least} - n.number)::${type}`;
  if (times.test(type)) return `(${least} - n.number * interval '1 day')::${type}`;
  if (type === 'uuid') return 'gen_random_uuid()';
  return `left(md5(n.key::text || random()), ${length ?? 32})`;
}
