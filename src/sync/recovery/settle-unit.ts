import { QueryTypes } from 'sequelize';
import { tryLocks } from '../open-intents';
import type { Runtime } from '../runtime';
import { endIntents } from '../write/intents';
import { catchUp, wasReadSince } from './catch-up';
import { isSameRecord, named, type Step } from '../write/steps';
import { tryUndo } from '../write/undo';

/** How one unit of work was settled. */
export type Settlement =
  /** Its transaction is still under way, or somebody else is settling it. */
  | 'left alone'
  /** Its transaction has committed: everything stands. */
  | 'committed'
  /** Nothing of it is open any more. */
  | 'settled already'
  /** Everything was taken back, or, of deletes, completed. */
  | 'undone'
  /** Something could not be settled; it stays noted. */
  | 'in doubt';

/**
 * Settle a unit of work whose transaction has ended: by the process that began it, or by recovery.
 * Its intents' locks are taken first, and only then is it asked whether it has committed: whoever
 * holds them is the only one to look.
 *
 * @param steps - in the order of their writing.
 * @throws the first failure to take something back, when `onFailure` says so.
 */
export async function settleUnit(
  runtime: Runtime,
  steps: readonly Step[],
  onFailure: (error: unknown, step: Step) => void,
): Promise<Settlement> {
  return runtime.settling.run(() => settleInTurn(runtime, steps, onFailure));
}

async function settleInTurn(
  runtime: Runtime,
  steps: readonly Step[],
  onFailure: (error: unknown, step: Step) => void,
): Promise<Settlement> {
  const ids = steps.map(({ intentId }) => intentId);
  const holder = await runtime.pool.transaction({ transaction: null });
  try {
    if (!(await tryLocks(runtime, holder, ids))) return 'left alone';
    // NOTE: a new statement, and so a new snapshot: the transaction may have committed, and its
    // intents may have been removed, just before its locks were free.
    const open = await openIntents(runtime, ids);
    if (open.some(({ done }) => done)) await endIntents(runtime, ids);
    if (open.length === 0) return 'settled already';
    if (open.some(({ done }) => done)) return 'committed';
    const noted = new Set(open.map(({ id }) => id));
    const mine = steps.filter(({ intentId }) => noted.has(intentId));
    return await undoAll(runtime, mine, onFailure);
  } finally {
    await holder.rollback();
  }
}

/** The intents that nobody has settled meanwhile, and whether their transaction has committed. */
async function openIntents(
  runtime: Runtime,
  ids: readonly string[],
): Promise<{ id: string; done: boolean }[]> {
  return runtime.pool.query<{ id: string; done: boolean }>(
    `
SELECT i.id::text AS id,
       EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id) AS done
  FROM dual_write_intents i WHERE i.id = ANY ($1::bigint[])`,
    { bind: [ids], type: QueryTypes.SELECT, transaction: null },
  );
}

async function undoAll(
  runtime: Runtime,
  steps: readonly Step[],
  onFailure: (error: unknown, step: Step) => void,
): Promise<Settlement> {
  const open: Step[] = [];
  for (const step of [...steps].reverse()) {
    // Writes on one record are taken back in their order, or what one restores confuses the other.
    if (open.some((other) => isSameRecord(other, step))) {
      open.push(step);
      continue;
    }
    const failed = await undoAndEnd(runtime, step);
    if (!failed) continue;
    const { reason, error } = failed;
    runtime.logger?.error({ ...named(step), reason }, 'A legacy write could not be taken back');
    await noteDoubt(runtime, step, reason);
    open.push(step);
    onFailure(error, step);
  }
  return open.length === 0 ? 'undone' : 'in doubt';
}

async function undoAndEnd(
  runtime: Runtime,
  step: Step,
): Promise<{ readonly reason: string; readonly error: unknown } | undefined> {
  const failed = await tryUndo(runtime, step);
  if (failed) return failed;
  try {
    const wasRead = await wasReadSince(runtime, step);
    await endIntents(runtime, [step.intentId]);
    if (wasRead) await catchUp(runtime, step);
    return undefined;
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error), error };
  }
}

async function noteDoubt(runtime: Runtime, { intentId }: Step, reason: string): Promise<void> {
  await runtime.pool.query('UPDATE dual_write_intents SET doubt = $2 WHERE id = $1', {
    bind: [intentId, reason],
    transaction: null,
  });
}
