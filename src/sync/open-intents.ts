import { QueryTypes } from 'sequelize';
import type { Runtime } from './runtime';

/** SQL: the intent `i` has not been ended by its transaction's COMMIT. */
export const isOpen = `
NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`;

/** SQL: the transaction that the intent `i` belongs to is under way: it holds the intent's lock. */
export const isAlive = `
EXISTS (
  SELECT FROM pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.classid::bigint = i.id >> 32 AND l.objid::bigint = i.id & 4294967295
)`;

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
