import { QueryTypes, type Transaction } from 'sequelize';
import { createdVersionsWithin } from '../revisions';
import { quote } from '../sync/local-table';
import type { RefreshTable } from '../sync/refresh/input-sql';
import { noteKnownSql } from '../sync/refresh/known-sql';
import { keysOfOpenCreates } from '../sync/refresh/open-writes';
import type { IncomingRow } from '../sync/refresh/row';
import { stampSql } from '../sync/refresh/store';
import type { Runtime } from '../sync/runtime';
import { copyFresh, takesCopies } from './copy-fresh';
import { givenValues, type GivenValue } from './given-values';
import { loadComment } from './load-comment';
import { stageRows } from './staging';

/** Rows that came together. */
export interface FreshRows {
  /** The load; its revision has the same id. */
  readonly load: string;
  readonly table: RefreshTable;
  readonly rows: readonly IncomingRow[];
  /** When a record was asked for, by the database's clock. */
  readonly askedAt: (key: string) => Date;
}

/**
 * Insert the rows that are not here yet: rows, what is known of them since when, versions, and a note
 * of each lookup whose target is not here are one statement. Where there are many, they are copied.
 *
 * It takes the ordinary case only. A row that is here, or of which a write or a deletion is known, is
 * left for the ordinary way, which sorts it out.
 *
 * NOTE: without ON CONFLICT, which costs each row a tenth more: a row that somebody else inserts in this
 * very moment is refused as any other would be.
 *
 * @returns the keys that were not inserted.
 * @throws DatabaseError when PostgreSQL refuses one of them; then none is.
 */
export async function insertFresh(
  runtime: Runtime,
  transaction: Transaction,
  asked: FreshRows,
): Promise<Set<string>> {
  const { mapping } = asked.table;
  const given = givenValues(asked.table);
  // NOTE: links have keys of the service's own making, and may have been made here a moment ago.
  if (!given || mapping.link) return new Set(asked.rows.map(({ key }) => key));
  const records = asked.rows.map(({ record }) => record);
  // NOTE: before PostgreSQL looks at keys: a writer notes the key that the service has chosen, or is done.
  const open = new Set(await keysOfOpenCreates(runtime, mapping, records));
  const rows = open.size === 0 ? asked.rows : asked.rows.filter(({ key }) => !open.has(key));
  if (rows.length === 0) return open;
  const insert = takesCopies(asked.table, rows) ? copyFresh : insertStaged;
  return new Set([...open, ...(await insert(runtime, transaction, { ...asked, rows, given }))]);
}

async function insertStaged(
  runtime: Runtime,
  transaction: Transaction,
  { load, table, rows, askedAt, given }: FreshRows & { readonly given: readonly GivenValue[] },
): Promise<Set<string>> {
  const { mapping } = table;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const staged = await stageRows(runtime, transaction, { table, rows, askedAt, bind });
  const { from } = staged;
  const model = bind(mapping.name);
  const parts = [
    ...(staged.expression === undefined ? [] : [staged.expression]),
    `fresh AS (${insertSql(table, { from, given, model, bind })})`,
    knownSql(table, { from, model }),
    mendedSql(table, model),
    // NOTE: PostgreSQL refuses a parameter that no part of the statement names.
    ...(table.lookups.size === 0 ? [] : linksSql(table, { from, load: bind(load), model })),
  ];
  const versions = createdVersionsWithin(mapping.model, 'fresh', {
    ...{ id: load, comment: loadComment, bind },
  });
  const left = await runtime.pool.query<{ key: string }>(
    `
WITH ${parts.join(', ')}${versions?.expressions ?? ''}
SELECT i."#key"::text AS key FROM ${from}
 WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.${table.local.columns.legacyId} = i."#key")`,
    { bind: values, type: QueryTypes.SELECT, transaction },
  );
  return new Set(left.map(({ key }) => key));
}

interface Names {
  readonly model: string;
  readonly from: string;
}

interface InsertParts extends Names {
  readonly given: readonly GivenValue[];
  readonly bind: (value: unknown) => string;
}

/**
 * NOTE: subqueries, not joins: a join may read the whole table for each page, which grows with it; a
 * subquery takes one look into an index a row.
 */
function valueSql({ lookups }: RefreshTable, column: string): string {
  const lookup = lookups.get(column);
  if (!lookup) return `i.${quote(column)}`;
  const { alias, table: parent } = lookup;
  const { primaryKey, legacyId } = parent.columns;
  return `(SELECT ${alias}.${primaryKey} FROM ${parent.name} ${alias} WHERE ${alias}.${legacyId} = i.${quote(column)})`;
}

function insertSql(table: RefreshTable, parts: InsertParts): string {
  const { from, given, model, bind } = parts;
  const { columns: t, name } = table.local;
  const values: [string, string][] = [
    ...given.map(({ column, value, isUuid }): [string, string] => [
      quote(column),
      isUuid ? 'gen_random_uuid()' : `${bind(value)}::${table.local.typeOf(column) ?? 'text'}`,
    ]),
    ...table.columns.map(({ column }): [string, string] => [
      quote(column),
      valueSql(table, column),
    ]),
    [t.legacyId, 'i."#key"'],
    [t.legacyModifiedAt, stampSql],
    [t.modifiedAt, stampSql],
    [t.createdAt, `coalesce(i."#created", ${stampSql})`],
    [t.legacyVersion, 'i."#version"'],
  ];
  return `
  INSERT INTO ${name} (${values.map(([column]) => column).join(', ')})
  SELECT ${values.map(([, value]) => value).join(', ')}
    FROM ${from}
   WHERE (SELECT true FROM ${name} t WHERE t.${t.legacyId} = i."#key") IS NULL
     AND (SELECT true FROM dual_write_known k WHERE k.model = ${model}
             AND k.legacy_id = i."#key" AND k.gone AND k.asked_at >= i."#asked") IS NULL
     AND i."#key" NOT IN (
       SELECT n.legacy_id FROM dual_write_intents n WHERE n.legacy_id IS NOT NULL)
  RETURNING *`;
}

function knownSql({ local: { columns: t } }: RefreshTable, { model, from }: Names): string {
  return `known AS (
${noteKnownSql(`
  SELECT ${model}, i."#key", i."#asked", false
    FROM ${from} JOIN fresh f ON f.${t.legacyId} = i."#key"`)}
)`;
}

function mendedSql({ local: { columns: t } }: RefreshTable, model: string): string {
  return `mended AS (
  DELETE FROM dual_write_rejected r USING fresh f
   WHERE r.model = ${model} AND r.legacy_id = f.${t.legacyId}
)`;
}

/** Note the lookups that are to be set when their targets have come. */
function linksSql(
  { lookups, local }: RefreshTable,
  { from, load, model }: { readonly from: string; readonly load: string; readonly model: string },
): string[] {
  const { legacyId, legacyModifiedAt } = local.columns;
  return [...lookups.keys()].map(
    (column, at) => `links${at} AS (
  INSERT INTO dual_write_load_links (load, model, column_name, legacy_id, target, stamp)
  SELECT ${load}::uuid, ${model}, '${column.replaceAll("'", "''")}', i."#key", i.${quote(column)},
         f.${legacyModifiedAt}
    FROM ${from} JOIN fresh f ON f.${legacyId} = i."#key"
   WHERE i.${quote(column)} IS NOT NULL AND f.${quote(column)} IS NULL
  ON CONFLICT (load, model, column_name, legacy_id) DO UPDATE
     SET target = excluded.target, stamp = excluded.stamp
)`,
  );
}
