import { randomUUID } from 'node:crypto';
import { QueryTypes, type Transaction } from 'sequelize';
import { createdVersionsWithin } from '../revisions';
import { quote } from '../sync/local-table';
import type { RefreshTable } from '../sync/refresh/input-sql';
import { noteKnownSql } from '../sync/refresh/known-sql';
import type { IncomingRow } from '../sync/refresh/row';
import type { Runtime } from '../sync/runtime';
import { cell, copyFromRows, copyInto, typedCell } from './copy-rows';
import type { GivenValue } from './given-values';
import type { FreshRows } from './insert-fresh';
import { loadComment } from './load-comment';
import { insertLinks, type NotedLink } from './note-links';

/** Tables that PostgreSQL copies nothing into: those with row-level security. */
const uncopied = new Set<string>();

/** Whether rows may be copied, and are so many that it is worth it. */
export function takesCopies({ columns, local }: RefreshTable, rows: readonly unknown[]): boolean {
  if (rows.length < copyFromRows || uncopied.has(local.name)) return false;
  return columns.every(({ column }) => local.typeOf(column)?.endsWith('[]') !== true);
}

/** PostgreSQL copies nothing into this table; the next time its rows are inserted otherwise. */
export class CopyRefusedError extends Error {}

type Copying = FreshRows & { readonly given: readonly GivenValue[] };

/**
 * Insert rows that are not here yet as `insertFresh` does, by COPY straight into the table: half of the
 * work of an INSERT from a staged table. What is known of them, and their versions, are one statement.
 *
 * @returns the keys that were not inserted.
 * @throws CopyRefusedError
 * @throws Error with PostgreSQL's own as `original` when it refuses one of them; then none is.
 */
export async function copyFresh(
  runtime: Runtime,
  transaction: Transaction,
  copying: Copying,
): Promise<Set<string>> {
  const { table, rows, load } = copying;
  const { now, left } = await hindrances(runtime, transaction, copying);
  const fresh = left.size === 0 ? rows : rows.filter(({ key }) => !left.has(key));
  if (fresh.length === 0) return left;
  const parents = await localKeys(runtime, transaction, { table, rows: fresh });
  const links: NotedLink[] = [];
  const lines = linesOf({ ...copying, rows: fresh }, { now, parents, links });
  await copyLines(transaction, copying, lines);
  const missing = await noteCopied(runtime, transaction, { ...copying, rows: fresh });
  await insertLinks(runtime, load, { links, transaction });
  return new Set([...left, ...missing]);
}

/** NOTE: 0A000, a feature that is not supported: so PostgreSQL refuses COPY where rows have policies. */
async function copyLines(
  transaction: Transaction,
  copying: Copying,
  lines: readonly (readonly string[])[],
): Promise<void> {
  const { name } = copying.table.local;
  try {
    await copyInto(transaction, `${name} (${columnsOf(copying).join(', ')})`, lines);
  } catch (error) {
    const { original } = error as { original?: { code?: unknown } };
    if (original?.code !== '0A000') throw error;
    uncopied.add(name);
    throw new CopyRefusedError(`PostgreSQL copies nothing into ${name}`, { cause: error });
  }
}

/** Which rows are here, or known to be written or deleted; and PostgreSQL's time, for stamps. */
async function hindrances(
  { pool }: Runtime,
  transaction: Transaction,
  { table, rows, askedAt }: Copying,
): Promise<{ readonly now: Date; readonly left: Set<string> }> {
  const { name, columns: t } = table.local;
  const [found] = await pool.query<{ now: Date; left: string[] }>(
    `
SELECT date_trunc('milliseconds', statement_timestamp()) AS now, ARRAY(
  SELECT i.key::text FROM unnest($2::uuid[], $3::timestamptz[]) AS i(key, asked)
   WHERE (SELECT true FROM ${name} t WHERE t.${t.legacyId} = i.key) IS NOT NULL
      OR (SELECT true FROM dual_write_known k WHERE k.model = $1 AND k.legacy_id = i.key
             AND k.gone AND k.asked_at >= i.asked) IS NOT NULL
      OR i.key IN (SELECT n.legacy_id FROM dual_write_intents n)) AS left`,
    {
      bind: [table.mapping.name, rows.map(({ key }) => key), askedTimes(rows, askedAt)],
      type: QueryTypes.SELECT,
      transaction,
    },
  );
  return { now: found?.now ?? new Date(), left: new Set(found?.left) };
}

function askedTimes(rows: readonly IncomingRow[], askedAt: FreshRows['askedAt']): string[] {
  return rows.map(({ key }) => askedAt(key).toISOString());
}

/** Local keys by column and legacy key, of what the rows refer to. */
type Parents = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function localKeys(
  { pool }: Runtime,
  transaction: Transaction,
  { table, rows }: { readonly table: RefreshTable; readonly rows: readonly IncomingRow[] },
): Promise<Parents> {
  const parents = new Map<string, Map<string, string>>();
  const bind: unknown[] = [];
  const parts: string[] = [];
  for (const [column, { table: parent }] of table.lookups) {
    parents.set(column, new Map());
    const targets = new Set(rows.map(({ values }) => values[column] ?? null));
    targets.delete(null);
    if (targets.size === 0) continue;
    const { legacyId, primaryKey } = parent.columns;
    const [name, keys] = [bind.push(column), bind.push([...targets])];
    parts.push(
      `SELECT $${name}::text AS "column", p.${legacyId}::text AS target, p.${primaryKey}::text AS id
         FROM ${parent.name} p WHERE p.${legacyId} = ANY ($${keys}::uuid[])`,
    );
  }
  if (parts.length === 0) return parents;
  const found = await pool.query<{ column: string; target: string; id: string }>(
    parts.join(' UNION ALL '),
    { bind, type: QueryTypes.SELECT, transaction },
  );
  for (const { column, target, id } of found) parents.get(column)?.set(target, id);
  return parents;
}

function columnsOf({ table, given }: Copying): string[] {
  const { columns: t } = table.local;
  return [
    ...given.map(({ column }) => quote(column)),
    ...table.columns.map(({ column }) => quote(column)),
    ...[t.legacyId, t.legacyModifiedAt, t.modifiedAt, t.createdAt, t.legacyVersion],
  ];
}

interface Filling {
  readonly now: Date;
  readonly parents: Parents;
  /** Takes the lookups whose targets are not here. */
  readonly links: NotedLink[];
}

/** NOTE: new keys are given out in the order of the rows, so that each index is filled in its order. */
function linesOf(
  { table, rows, given }: Copying,
  { now, parents, links }: Filling,
): readonly string[][] {
  const values = given.map(({ value, isUuid }) =>
    isUuid ? rows.map(() => randomUUID() as string).sort() : cell(value),
  );
  const columns = table.columns.map(({ column }) => ({
    ...{ column, type: table.local.typeOf(column), ids: parents.get(column) },
  }));
  return rows.map((row, at) => {
    const stamp = row.modifiedOn ?? now;
    const cells = values.map((value) => (typeof value === 'string' ? value : (value[at] ?? '')));
    for (const { column, type, ids } of columns) {
      const value = row.values[column];
      const id = ids?.get(String(value));
      cells.push(ids ? cell(id) : typedCell(value, type));
      if (!ids || id !== undefined || value === null || value === undefined) continue;
      links.push({ model: table.mapping.name, column, key: row.key, target: value, stamp });
    }
    const [modified, created] = [cell(stamp), cell(row.createdOn ?? stamp)];
    cells.push(row.key, modified, modified, created, cell(row.version));
    return cells;
  });
}

/** @returns keys of rows that a trigger of the table has kept out. */
async function noteCopied(
  { pool }: Runtime,
  transaction: Transaction,
  { load, table, rows, askedAt }: Copying,
): Promise<string[]> {
  const { mapping, local } = table;
  const t = local.columns;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const model = bind(mapping.name);
  const keys = `${bind(rows.map(({ key }) => key))}::uuid[]`;
  const asked = `${bind(askedTimes(rows, askedAt))}::timestamptz[]`;
  const versions = createdVersionsWithin(mapping.model, 'fresh', {
    ...{ id: load, comment: loadComment, bind },
  });
  const missing = await pool.query<{ key: string }>(
    `
WITH fresh AS MATERIALIZED (
  SELECT t.* FROM ${local.name} t WHERE t.${t.legacyId} = ANY (${keys})
), known AS (
${noteKnownSql(`
  SELECT ${model}, i.key, i.asked, false
    FROM unnest(${keys}, ${asked}) AS i(key, asked) JOIN fresh f ON f.${t.legacyId} = i.key`)}
), mended AS (
  DELETE FROM dual_write_rejected r USING fresh f
   WHERE r.model = ${model} AND r.legacy_id = f.${t.legacyId}
)${versions?.expressions ?? ''}
SELECT i.key::text AS key FROM unnest(${keys}) AS i(key)
 WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.${t.legacyId} = i.key)`,
    { bind: values, type: QueryTypes.SELECT, transaction },
  );
  return missing.map(({ key }) => key);
}
