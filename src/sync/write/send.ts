import { LegacyError, LegacyResponseError, type LegacyRecord } from '../../../legacy-client';
import type { CreateStep, UpdateStep } from './steps';
import type { SyncedWrite } from './synced-write';
import { undo } from './undo';

/**
 * Send a create or an update, and keep account of what is known about it.
 *
 * | the service | the unit of work |
 * | --- | --- |
 * | carried it out | goes on; the write is undone when the transaction does not commit |
 * | refused it | goes on without it; the error reaches the caller |
 * | answered with an error of its own (5xx) | is looked into at once: nothing is under way any more |
 * | gave no usable answer | can only be rolled back, and the write is looked into then |
 */
export async function send(
  write: SyncedWrite,
  step: CreateStep | UpdateStep,
  request: () => Promise<LegacyRecord | undefined>,
): Promise<LegacyRecord> {
  await write.unit.add(step);
  await sendRequest(write, step, request);
  // Where an update answers with nothing, the record is read. The write stands whatever comes of it.
  step.after ??= await write.runtime.client.get(step.mapping.entity, step.key);
  return step.after;
}

async function sendRequest(
  write: SyncedWrite,
  step: CreateStep | UpdateStep,
  request: () => Promise<LegacyRecord | undefined>,
): Promise<void> {
  try {
    step.after = await request();
    step.isOver = true;
  } catch (error) {
    const isRefused = error instanceof LegacyError && error.outcome === 'refused';
    if (isRefused) await write.unit.remove(step);
    else if (isAnswered(error)) await settleAnswered(write, step);
    else if (error instanceof Error) write.unit.doom(error);
    throw error;
  }
}

function isAnswered(error: unknown): boolean {
  return error instanceof LegacyResponseError && error.answered;
}

/** The request has come to its end, so what the service holds now is what it will hold. */
async function settleAnswered(write: SyncedWrite, step: CreateStep | UpdateStep): Promise<void> {
  step.isOver = true;
  await undo(write.runtime, step);
  await write.unit.remove(step);
}
