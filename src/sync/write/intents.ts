import { QueryTypes, type Transaction } from 'sequelize';
import { InDoubtError } from '../errors';
import { isOpen } from '../open-intents';
import type { Runtime } from '../runtime';
import { named, type Step } from './steps';

/**
 * Note legacy writes before they are sent, outside the caller's transaction, so that they are known
 * whatever becomes of it.
 *
 * The locks are taken first, in the caller's transaction, and before anybody can see the intents:
 * they end with the transaction, however it ends, and so say whether the writer lives.
 */
export async function noteIntents(
  runtime: Runtime,
  transaction: Transaction,
  note: { readonly unit: string; readonly first: number; readonly steps: readonly Step[] },
): Promise<void> {
  const ids = note.steps.map(({ intentId }) => intentId);
  await runtime.sequelize.query(
    'SELECT pg_advisory_xact_lock(id) FROM unnest($1::bigint[]) AS id',
    {
      bind: [ids],
      transaction,
    },
  );
  const rows = note.steps.map((step, index) => ({
    id: step.intentId,
    sequence: note.first + index,
    operation: step.operation,
    model: step.mapping.name,
    local_id: String(step.id),
    legacy_id: step.key === '' ? null : step.key,
    sent: step.sent,
    before: step.operation === 'update' ? step.before : {},
  }));
  await runtime.pool.query(
    `
INSERT INTO dual_write_intents (id, unit, sequence, operation, model, local_id, legacy_id, sent, before)
SELECT i.id, $1, i.sequence, i.operation, i.model, i.local_id, i.legacy_id, i.sent, i.before
  FROM jsonb_to_recordset($2::jsonb) AS i(id bigint, sequence int, operation text, model text,
       local_id text, legacy_id uuid, sent jsonb, before jsonb)`,
    { bind: [note.unit, JSON.stringify(rows)], transaction: null },
  );
}

/**
 * Say in the transaction itself that these writes belong to it: the rows are there exactly when it
 * has committed. Always an INSERT: above READ COMMITTED an UPDATE of the intents would match none.
 */
export async function noteDone(
  runtime: Runtime,
  transaction: Transaction,
  steps: readonly Step[],
): Promise<void> {
  if (steps.length === 0) return;
  await runtime.sequelize.query('INSERT INTO dual_write_done SELECT unnest($1::bigint[])', {
    bind: [steps.map(({ intentId }) => intentId)],
    transaction,
  });
}

/** Forget intents that have been settled. */
export async function endIntents(runtime: Runtime, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await runtime.pool.query(
    `
WITH ended AS (DELETE FROM dual_write_intents WHERE id = ANY ($1::bigint[]) RETURNING id)
DELETE FROM dual_write_done WHERE intent_id = ANY ($1::bigint[])`,
    { bind: [ids], transaction: null },
  );
}

const patienceMs = 3000;
const pauseMs = 100;

/**
 * Wait until nobody else's write on these records is open. The rows' locks have been passed on
 * already, so what is open still is being taken back, or is in doubt.
 *
 * @throws InDoubtError when one stays open: it must be settled before anybody writes again.
 */
export async function awaitSettled(
  runtime: Runtime,
  steps: readonly Step[],
  unit: string,
): Promise<void> {
  if (steps.length === 0) return;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const open = await openElsewhere(runtime, steps, unit);
    if (!open) return;
    if (Date.now() > deadline) {
      throw new InDoubtError(
        'The outcome of an earlier write on this record is not known yet. Recovery settles it ' +
          '(dualWrite.recover()); "dualWrite.status()" lists what is open.',
        named(open),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function openElsewhere(
  runtime: Runtime,
  steps: readonly Step[],
  unit: string,
): Promise<Step | undefined> {
  const keys = steps.flatMap(({ key }) => (key === '' ? [] : [key]));
  const links = steps
    .filter(({ mapping }) => mapping.link)
    .map(({ mapping, sent }) => ({ model: mapping.name, sent }));
  const isSameLink = `EXISTS (
  SELECT FROM jsonb_to_recordset($3::jsonb) AS p(model text, sent jsonb)
   WHERE p.model = i.model AND i.sent @> p.sent)`;
  const [row] = await runtime.pool.query<{ key: string | null }>(
    `
SELECT i.legacy_id AS key FROM dual_write_intents i
 WHERE (i.legacy_id = ANY ($1::uuid[])${links.length > 0 ? ` OR ${isSameLink}` : ''})
   AND i.unit <> $2 AND ${isOpen}
 LIMIT 1`,
    {
      bind: [keys, unit, ...(links.length > 0 ? [JSON.stringify(links)] : [])],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  return row && (steps.find(({ key }) => key.toLowerCase() === row.key) ?? steps[0]);
}
