import { QueryTypes } from 'sequelize';
import { removeGone } from '../refresh/absence';
import { applyAnswer } from '../refresh/apply';
import { fetchRecords, withKeys } from '../refresh/fetch';
import { refreshScope } from '../refresh/scope';
import type { Runtime } from '../runtime';
import type { Step } from '../write/steps';

/** Whether a reader has stored the record since the write was noted: perhaps with what was written. */
export async function wasReadSince(runtime: Runtime, step: Step): Promise<boolean> {
  if (step.key === '') return false;
  const [row] = await runtime.pool.query<{ read: boolean }>(
    `
SELECT EXISTS (
  SELECT FROM dual_write_known k JOIN dual_write_intents i ON i.id = $3
   WHERE k.model = $1 AND k.legacy_id = $2 AND k.applied_at >= i.noted_at
) AS read`,
    {
      bind: [step.mapping.name, step.key, step.intentId],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  return row?.read ?? false;
}

/**
 * Bring the row of a write that was taken back up to date. When that cannot be done now, the next
 * read does it.
 */
export async function catchUp(runtime: Runtime, { mapping, key }: Step): Promise<void> {
  try {
    const scope = refreshScope(runtime);
    const fetched = await fetchRecords(runtime, mapping, { filter: withKeys(mapping, [key]) });
    await applyAnswer(scope, { mapping, ...fetched });
    await removeGone(scope, mapping, { keys: fetched.gone, askedAt: fetched.askedAt });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    runtime.logger?.warn({ model: mapping.name, reason }, 'A row could not be brought up to date');
  }
}
