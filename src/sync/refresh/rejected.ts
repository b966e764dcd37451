import type { RejectedRecord } from '../errors';
import type { Place } from '../runtime';

function sqlState(error: unknown): string | undefined {
  const original = (error as { original?: { code?: unknown } } | null)?.original;
  return typeof original?.code === 'string' ? original.code : undefined;
}

/**
 * Whether PostgreSQL refuses the data themselves: class 22 (a value that the type cannot hold) or
 * 23 (a constraint).
 */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

/** Whether a lock was not to be had in time (55P03). */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

/** Whether another row has a value that must be unique (23505). */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** Whether other rows refer to a row that was to be removed (23503; of ON DELETE RESTRICT, 23001). */
export function isForeignKeyViolation(error: unknown): boolean {
  return ['23503', '23001'].includes(sqlState(error) ?? '');
}

/** Keep a list of the records that the local table could not take, for the operator. */
export async function noteRejected(
  place: Place,
  model: string,
  rejected: readonly RejectedRecord[],
): Promise<void> {
  if (rejected.length === 0) return;
  await place.sequelize.query(
    `
INSERT INTO dual_write_rejected (model, legacy_id, reason)
SELECT $1, r.key, r.reason FROM jsonb_to_recordset($2::jsonb) AS r(key uuid, reason text)
ON CONFLICT (model, legacy_id) DO UPDATE SET reason = excluded.reason, at = now()`,
    {
      bind: [
        model,
        JSON.stringify(rejected.map(({ legacyId, reason }) => ({ key: legacyId, reason }))),
      ],
      transaction: place.transaction,
    },
  );
}
