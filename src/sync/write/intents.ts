import { QueryTypes, type Transaction } from 'sequelize';
import { InDoubtError } from '../errors';
import { isOpen } from '../open-intents';
import type { Runtime } from '../runtime';
import { named, newIntentId, type Step } from './steps';

interface Note {
  readonly unit: string;
  /** The first one's place among all of the unit. */
  readonly first: number;
  readonly steps: readonly Step[];
  /** Of the lock that the transaction holds for them, with their done rows written. */
  readonly lockId?: string | undefined;
}

/**
 * Note legacy writes before they are sent, outside the caller's transaction, so that they are known
 * whatever becomes of it; but not before nobody else's write on the same records is open.
 *
 * A lock is taken first, in the caller's transaction, and before anybody can see the intents: it ends
 * with the transaction, however it ends, and so says whether the writer lives.
 *
 * @throws InDoubtError when another's write stays open.
 */
export async function noteIntents(
  runtime: Runtime,
  transaction: Transaction,
  note: Note,
): Promise<void> {
  const lockId = note.lockId ?? newIntentId();
  if (note.lockId === undefined) {
    await lockAndNoteDone(runtime, transaction, { lockId, steps: note.steps });
  }
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
  const concerned = stepsThatWait(note.steps);
  const values: unknown[] = [note.unit, JSON.stringify(rows), lockId];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const isFree = concerned.length > 0 ? `NOT EXISTS (${openSql(concerned, '$1', bind)})` : 'true';
  const sql = `
INSERT INTO dual_write_intents (id, unit, sequence, operation, model, local_id, legacy_id, sent,
       before, lock_id)
SELECT n.id, $1, n.sequence, n.operation, n.model, n.local_id, n.legacy_id, n.sent, n.before, $3
  FROM jsonb_to_recordset($2::jsonb) AS n(id bigint, sequence int, operation text, model text,
       local_id text, legacy_id uuid, sent jsonb, before jsonb)
 WHERE ${isFree}
RETURNING id`;
  const options = { bind: values, type: QueryTypes.SELECT, transaction: null } as const;
  while ((await runtime.pool.query(sql, options)).length === 0) {
    await awaitSettled(runtime, concerned, note.unit);
  }
}

/**
 * Take the one lock of writes that are noted together, and say in the transaction itself that they
 * belong to it: those rows are there exactly when it has committed. A savepoint that is rolled back
 * takes both with it. Always an INSERT: above READ COMMITTED an UPDATE of the intents would match
 * none.
 */
async function lockAndNoteDone(
  runtime: Runtime,
  transaction: Transaction,
  { lockId, steps }: { readonly lockId: string; readonly steps: readonly Step[] },
): Promise<void> {
  await runtime.sequelize.query(
    `
WITH done AS (INSERT INTO dual_write_done SELECT unnest($1::bigint[]))
SELECT pg_advisory_xact_lock($2::bigint)`,
    { bind: [steps.map(({ intentId }) => intentId), lockId], type: QueryTypes.SELECT, transaction },
  );
}

/** Note the keys that the service has chosen: readers then know whose the records are. */
export async function noteChosenKeys(runtime: Runtime, steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return;
  const keys = steps.map(({ intentId, key }) => ({ id: intentId, key }));
  try {
    await runtime.pool.query(
      `
UPDATE dual_write_intents i SET legacy_id = n.key
  FROM jsonb_to_recordset($1::jsonb) AS n(id bigint, key uuid) WHERE i.id = n.id`,
      { bind: [JSON.stringify(keys)], type: QueryTypes.UPDATE, transaction: null },
    );
  } catch (error) {
    // The write itself needs it for nothing.
    const reason = error instanceof Error ? error.message : String(error);
    runtime.logger?.warn({ reason }, 'Keys that the service has chosen could not be noted');
  }
}

/**
 * Forget intents that have been settled.
 *
 * @param options.isDurable - false for those of transactions that have committed: when a crash of the
 * database brings them back, their done rows come back too, and say that nothing is open. Nobody is to
 * wait for the disk behind that.
 */
export async function endIntents(
  { pool }: Pick<Runtime, 'pool'>,
  ids: readonly string[],
  { isDurable = true }: { readonly isDurable?: boolean } = {},
): Promise<void> {
  if (ids.length === 0) return;
  const commit = isDurable ? '' : `AND set_config('synchronous_commit', 'off', true) = 'off'`;
  await pool.query(
    `
WITH ended AS (DELETE FROM dual_write_intents WHERE id = ANY ($1::bigint[]) ${commit} RETURNING id)
DELETE FROM dual_write_done WHERE intent_id = ANY ($1::bigint[])`,
    { bind: [ids], transaction: null },
  );
}

/** What must be known of a write to tell whether another one is open on its record. */
export type Concerned = Pick<Step, 'operation' | 'mapping' | 'id' | 'key' | 'sent'>;

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
  steps: readonly Concerned[],
  unit: string,
): Promise<void> {
  const concerned = stepsThatWait(steps);
  if (concerned.length === 0) return;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const open = await openElsewhere(runtime, concerned, unit);
    if (!open) return;
    if (performance.now() > deadline) {
      throw new InDoubtError(
        'The outcome of an earlier write on this record is not known yet. Recovery settles it ' +
          '(dualWrite.recover()); "dualWrite.status()" lists what is open.',
        named(open),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** A record that is being created has no earlier writes; a link may have been removed just now. */
function stepsThatWait(steps: readonly Concerned[]): readonly Concerned[] {
  return steps.filter(({ operation, mapping }) => operation !== 'create' || mapping.link);
}

async function openElsewhere(
  runtime: Runtime,
  steps: readonly Concerned[],
  unit: string,
): Promise<Concerned | undefined> {
  const values: unknown[] = [unit];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const [row] = await runtime.pool.query<{ key: string | null }>(openSql(steps, '$1', bind), {
    bind: values,
    type: QueryTypes.SELECT,
    transaction: null,
  });
  return row && (steps.find(({ key }) => key.toLowerCase() === row.key) ?? steps[0]);
}

/** SQL: an open write of another unit on one of these records. */
function openSql(
  steps: readonly Concerned[],
  unit: string,
  bind: (value: unknown) => string,
): string {
  const keys = steps.flatMap(({ key }) => (key === '' ? [] : [key]));
  const links = steps
    .filter(({ mapping }) => mapping.link)
    .map(({ mapping, sent }) => ({ model: mapping.name, sent }));
  const isSameLink = (): string => ` OR EXISTS (
  SELECT FROM jsonb_to_recordset(${bind(JSON.stringify(links))}::jsonb) AS p(model text, sent jsonb)
   WHERE p.model = i.model AND i.sent @> p.sent)`;
  return `
SELECT i.legacy_id AS key FROM dual_write_intents i
 WHERE (i.legacy_id = ANY (${bind(keys)}::uuid[])${links.length > 0 ? isSameLink() : ''})
   AND i.unit <> ${unit} AND ${isOpen}
 LIMIT 1`;
}
