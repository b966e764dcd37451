/**
 * SQL that notes since when the state of records is known: see `dual_write_known` in schema.ts. What was
 * asked for later stands.
 *
 * In the order of keys: so two transactions that note the same ones wait for each other and do not
 * deadlock, and the index is filled in its order.
 *
 * @param found - SELECT of model, legacy key, time of the question, and whether the record is gone.
 */
export function noteKnownSql(found: string): string {
  return `
  INSERT INTO dual_write_known (model, legacy_id, asked_at, gone, applied_at)
  SELECT n.*, clock_timestamp() FROM (${found}) AS n(model, legacy_id, asked_at, gone)
   ORDER BY n.legacy_id
  ON CONFLICT (model, legacy_id) DO UPDATE
     SET asked_at = greatest(dual_write_known.asked_at, excluded.asked_at),
         applied_at = excluded.applied_at, gone = excluded.gone`;
}
