import { QueryTypes, type Transaction } from 'sequelize';
import type { LegacyChanges, LegacyValue } from '../../legacy-client';
import type { Mapping } from '../mapping';
import type { Runtime } from './runtime';

/** Values as an intent holds them, by property. */
export type NotedValues = Readonly<Record<string, string | number | boolean | null>>;

/** What an intent holds, as it was sent. JSON has no dates: the mapping knows which properties are. */
export function notedValues(mapping: Mapping, stored: NotedValues): LegacyChanges {
  const kinds = new Map(mapping.entity.properties.map(({ name, kind }) => [name, kind]));
  const entries = Object.entries(stored).map(([name, value]): [string, LegacyValue] => [
    name,
    kinds.get(name) === 'dateTime' && typeof value === 'string' ? new Date(value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** SQL: the intent `i` has not been ended by its transaction's COMMIT. */
export const isOpen = `
NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`;

/** SQL: the number of the lock of the intent `i`; of one that was noted before 0005 its own. */
const lockOf = 'coalesce(i.lock_id, i.id)';

/** SQL: the transaction that the intent `i` belongs to is under way: it holds the intent's lock. */
export const isAlive = `
EXISTS (
  SELECT FROM pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.classid::bigint << 32 | l.objid::bigint = ${lockOf}
)`;

/**
 * Take the locks of intents, in a transaction on the library's pool: whoever holds them is the only
 * one to settle those.
 *
 * @returns false when somebody else holds one: a living writer, or who is settling already. Intents
 * that are not noted any more have none.
 */
export async function tryLocks(
  { pool }: Pick<Runtime, 'pool'>,
  holder: Transaction,
  ids: readonly string[],
): Promise<boolean> {
  const [locked] = await pool.query<{ all: boolean | null }>(
    `
SELECT bool_and(pg_try_advisory_xact_lock(l.id)) AS all
  FROM (SELECT DISTINCT ${lockOf} AS id FROM dual_write_intents i WHERE i.id = ANY ($1::bigint[])) AS l`,
    { bind: [ids], type: QueryTypes.SELECT, transaction: holder },
  );
  return locked?.all !== false;
}

/**
 * Of these legacy keys, the ones that a write under way concerns: its intent's lock is held. Their
 * rows are left to the writer. (What is in doubt has no living writer, and is shown as it is.)
 */
export async function keysWithOpenIntents(
  runtime: Runtime,
  keys: readonly string[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await runtime.pool.query<{ key: string }>(
    `
SELECT i.legacy_id AS key FROM dual_write_intents i
 WHERE i.legacy_id = ANY ($1::uuid[]) AND ${isOpen} AND ${isAlive}`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: null },
  );
  return new Set(rows.map((row) => row.key));
}

/**
 * Of these links, the ones that a write under way makes, by legacy key: the writer does not know the
 * key before the service has answered.
 *
 * @param rows - with the keys of the records at both ends, by column.
 */
export async function keysOfOpenLinks(
  runtime: Runtime,
  { name, link }: Mapping,
  rows: readonly { readonly key: string; readonly values: Readonly<Record<string, unknown>> }[],
): Promise<readonly string[]> {
  if (!link || rows.length === 0) return [];
  const { from, to } = link;
  const pairs = rows.map(({ key, values }) => ({
    key,
    sent: {
      [from.property.name]: values[from.column],
      [to.property.name]: values[to.column],
    },
  }));
  const found = await runtime.pool.query<{ key: string }>(
    `
SELECT p.key FROM jsonb_to_recordset($2::jsonb) AS p(key text, sent jsonb)
  JOIN dual_write_intents i ON i.model = $1 AND i.sent @> p.sent
 WHERE ${isOpen} AND ${isAlive}`,
    { bind: [name, JSON.stringify(pairs)], type: QueryTypes.SELECT, transaction: null },
  );
  return found.map(({ key }) => key);
}
