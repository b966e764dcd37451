import { LegacyResponseError } from '../../../legacy-client';
import { isRefused } from './changesets';
import { noteChosenKeys } from './intents';
import { readAfterImages } from './records';
import type { CreateStep, UpdateStep } from './steps';
import { sendInTurns, type Failure, type Outgoing } from './send-in-turns';
import { requireTransaction, type SyncedWrite } from './synced-write';
import { undo } from './undo';

/**
 * Send creates and updates, several at a time, as changesets where the service has them, and keep
 * account of what is known about each.
 *
 * | the service | the unit of work |
 * | --- | --- |
 * | carried it out | goes on; the write is undone when the transaction does not commit |
 * | refused it | goes on without it; the error reaches the caller |
 * | answered with an error of its own (5xx) | is looked into at once: nothing is under way any more |
 * | gave no usable answer | can only be rolled back, and the write is looked into then |
 *
 * After a failure no more is begun; what is under way is waited for.
 *
 * @returns what was refused, when all failures are such that `mayFail` accepts.
 * @throws SyncError when the write's transaction has been ended by a hook.
 * @throws otherwise the error of a request that failed.
 */
export async function send(
  write: SyncedWrite,
  outgoing: readonly Outgoing[],
  mayFail?: (error: unknown) => boolean,
): Promise<readonly Failure[]> {
  requireTransaction(write);
  const steps = outgoing.map(({ step }) => step);
  await write.unit.add(steps, write.reservation);
  const wished = steps.map(({ key }) => key);
  const { failures, unsent } = await sendInTurns(write.runtime.client, outgoing, mayFail);
  await noteChosenKeys(
    write.runtime,
    steps.filter(({ key }, index) => key !== wished[index]),
  );
  for (const failure of failures) {
    const { error } = failure;
    if (!isRefused(error) && !isAnswered(failure) && error instanceof Error) write.unit.doom(error);
  }
  const refused = failures.filter(({ error }) => isRefused(error)).map(({ step }) => step);
  if (refused.length + unsent.length > 0) await write.unit.remove([...refused, ...unsent]);
  for (const failure of failures) {
    if (!isRefused(failure.error) && isAnswered(failure)) await settleAnswered(write, failure.step);
  }
  const grave = failures.filter(({ error }) => !mayFail?.(error));
  const first = grave.find(({ error }) => !isRefused(error)) ?? grave[0];
  if (first) throw first.error;
  const failed = new Set(failures.map(({ step }) => step));
  await readAfterImages(
    write,
    steps.filter((step) => !failed.has(step)),
  );
  return failures;
}

/** NOTE: of a create that was repeated, an earlier copy may still be on its way. */
function isAnswered({ error, step }: Failure): boolean {
  const isRepeated = step.operation === 'create' && step.isRepeated === true;
  return error instanceof LegacyResponseError && error.answered && !isRepeated;
}

/** The request has come to its end, so what the service holds now is what it will hold. */
async function settleAnswered(write: SyncedWrite, step: CreateStep | UpdateStep): Promise<void> {
  step.isOver = true;
  await undo(write.runtime, step);
  await write.unit.remove([step]);
}
