import { QueryTypes } from 'sequelize';
import type { Runtime } from './runtime';

/** Of these legacy keys, the ones that somebody's open write concerns. */
export async function keysWithOpenIntents(
  runtime: Runtime,
  keys: readonly string[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await runtime.pool.query<{ key: string }>(
    `
SELECT i.legacy_id AS key FROM dual_write_intents i
 WHERE i.legacy_id = ANY ($1::uuid[])
   AND NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: null },
  );
  return new Set(rows.map((row) => row.key));
}
