import { QueryTypes, type Transaction } from 'sequelize';
import type { Mapping } from '../mapping';
import type { Runtime } from '../sync/runtime';

/** Something that a person should know of one record. */
export interface Finding {
  readonly model: string;
  /**
   * `rejected`: the local table cannot take it. `ahead`: the row has local changes, and stays.
   * `left`: a write on it is under way, and brings it up to date. Others: see {@link Difference}.
   */
  readonly kind: string;
  readonly legacyId: string | null;
  readonly localId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Records that the local table could not take, as findings. */
export function rejectedFindings(
  { name }: Mapping,
  rejected: readonly { readonly legacyId: string; readonly reason: string }[],
): Finding[] {
  return rejected.map(({ legacyId, reason }) => ({
    ...{ model: name, kind: 'rejected', legacyId, localId: null, detail: { reason } },
  }));
}

/** Note findings; in a transaction, if one is given. */
export async function noteFindings(
  { pool }: Runtime,
  load: string,
  { findings, transaction }: { findings: readonly Finding[]; transaction: Transaction | null },
): Promise<void> {
  if (findings.length === 0) return;
  await pool.query(
    `
INSERT INTO dual_write_load_findings (load, model, kind, legacy_id, local_id, detail)
SELECT $1, f.model, f.kind, f."legacyId", f."localId", f.detail
  FROM jsonb_to_recordset($2::jsonb) AS f(
    model text, kind text, "legacyId" uuid, "localId" text, detail jsonb)`,
    { bind: [load, JSON.stringify(findings)], transaction },
  );
}

/** A page of findings, in the order of their noting. */
export async function findingsOf(
  { pool }: Runtime,
  load: string,
  { after, limit, kinds }: { after: string; limit: number; kinds?: readonly string[] },
): Promise<(Finding & { readonly id: string })[]> {
  return pool.query<Finding & { readonly id: string }>(
    `
SELECT f.id::text AS id, f.model, f.kind, f.legacy_id AS "legacyId", f.local_id AS "localId", f.detail
  FROM dual_write_load_findings f
 WHERE f.load = $1 AND f.id > $2 AND ($4::text[] IS NULL OR f.kind = ANY ($4))
 ORDER BY f.id LIMIT $3`,
    { bind: [load, after, limit, kinds ?? null], type: QueryTypes.SELECT, transaction: null },
  );
}

/** How many findings there are, by model and kind. */
export async function countFindings(
  { pool }: Runtime,
  load: string,
): Promise<{ readonly model: string; readonly kind: string; readonly count: number }[]> {
  return pool.query(
    `SELECT model, kind, count(*)::int AS count FROM (
       SELECT DISTINCT model, kind, legacy_id, local_id FROM dual_write_load_findings WHERE load = $1
     ) AS f GROUP BY model, kind ORDER BY model, kind`,
    { bind: [load], type: QueryTypes.SELECT, transaction: null },
  );
}
