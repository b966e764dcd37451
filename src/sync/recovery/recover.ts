import { QueryTypes } from 'sequelize';
import { notedValues, type NotedValues } from '../open-intents';
import type { Runtime } from '../runtime';
import type { Step, StepBase } from '../write/steps';
import { settleUnit, type Settlement } from './settle-unit';

/** How many units of work a recovery found, by what became of them. */
export type RecoveryReport = Readonly<Record<Settlement, number>>;

interface IntentRow {
  readonly id: string;
  readonly unit: string;
  readonly operation: Step['operation'];
  readonly model: string;
  readonly local_id: string;
  readonly legacy_id: string | null;
  readonly sent: NotedValues;
  readonly before: NotedValues;
  /** The quarantine is over: no request of it can arrive any more. */
  readonly is_over: boolean;
}

/**
 * Settle the intents whose transactions have ended without settling them: a process was killed, a
 * connection was lost, or a record could not be looked at then.
 *
 * @throws NotConnectedError when `dualWrite.prepare()` has not been run on this database.
 */
export async function recover(runtime: Runtime): Promise<RecoveryReport> {
  const report = {
    'left alone': 0,
    committed: 0,
    'settled already': 0,
    undone: 0,
    'in doubt': 0,
  };
  await runtime.prepared.requireFor(runtime.registry.keys());
  await runtime.ended.flush();
  await forgetEnded(runtime);
  const rows = await runtime.pool.query<IntentRow>(
    `
SELECT id::text, unit::text, operation, model, local_id, legacy_id::text, sent, before,
       noted_at < clock_timestamp() - make_interval(secs => $1) AS is_over
  FROM dual_write_intents ORDER BY unit, sequence`,
    {
      bind: [runtime.limits.settleAfterMs / 1000],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  for (const unit of byUnit(rows)) {
    report[await settleStored(runtime, unit)] += 1;
  }
  return report;
}

async function settleStored(runtime: Runtime, unit: readonly IntentRow[]): Promise<Settlement> {
  const steps = unit.flatMap((row) => storedStep(runtime, row) ?? []);
  if (steps.length === unit.length) return settleUnit(runtime, steps, () => undefined);
  // A model that is not mapped any more: somebody who maps it must look.
  const ids = unit.filter(({ model }) => !runtime.registry.has(model)).map(({ id }) => id);
  const doubt =
    'This process has no migrator of the model, so that the write can neither be looked at nor ' +
    'taken back. Map the model again; or compare the record by hand, and delete this row.';
  await runtime.pool.query(
    'UPDATE dual_write_intents SET doubt = $2 WHERE id = ANY ($1::bigint[])',
    {
      bind: [ids, doubt],
      transaction: null,
    },
  );
  return 'in doubt';
}

/**
 * Remove done rows whose intents are gone: of writes that were refused, or found nothing to send, in
 * transactions that went on without them and committed, just before their process died. An intent can
 * be seen before its done row, and both go together, so that none of these is awaited.
 */
async function forgetEnded({ pool }: Runtime): Promise<void> {
  await pool.query(
    `DELETE FROM dual_write_done d
      WHERE NOT EXISTS (SELECT FROM dual_write_intents i WHERE i.id = d.intent_id)`,
    { transaction: null },
  );
}

function byUnit(rows: readonly IntentRow[]): IntentRow[][] {
  const units = new Map<string, IntentRow[]>();
  for (const row of rows) units.set(row.unit, [...(units.get(row.unit) ?? []), row]);
  return [...units.values()];
}

function storedStep(runtime: Runtime, row: IntentRow): Step | undefined {
  const mapping = runtime.registry.get(row.model);
  if (!mapping) return undefined;
  const base: StepBase = {
    intentId: row.id,
    mapping,
    id: row.local_id,
    key: row.legacy_id ?? '',
    savepoints: new Set(),
  };
  const { operation, is_over: isOver } = row;
  const sent = notedValues(mapping, row.sent);
  if (operation === 'destroy') return { ...base, operation, sent, isDelivered: true, isOver };
  if (operation === 'create') return { ...base, operation, sent, after: undefined, isOver };
  const before = notedValues(mapping, row.before);
  return { ...base, operation, sent, before, after: undefined, isOver };
}
