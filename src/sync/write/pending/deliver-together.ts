import { LegacyResponseError } from '../../../../legacy-client';
import { DualWriteError, SyncError } from '../../errors';
import type { Runtime } from '../../runtime';
import { isRefused } from '../changesets';
import type { LegacyUnit, SendPlanned } from '../legacy-unit';
import { valuesOf } from '../images';
import { named, newIntentId } from '../steps';
import { changedPast } from './changed-past';
import { keepFound, metAgain } from './meet-again';
import { isCreate, isDestroy, isSamePlanned, isUpdate, type Planned } from './planned';
import { sendChangesetOf } from './send-changeset';
import { takeOver } from './take-over';

/** How often a changeset is sent that meets changes of its records each time. */
const attempts = 20;

/**
 * Send what a transaction has planned as one changeset, before its versions are written, and have the
 * rows hold what came of it. Constraints speak first, then the intents are noted: until then nothing
 * has been sent.
 *
 * When records are not as they were, they are read, the conflict rules decide, and the changeset is sent
 * for the records as they are now: nothing of the first one was carried out.
 */
export function deliverTogether(runtime: Runtime): SendPlanned {
  return async (unit, planned) => {
    requireFit(runtime, planned);
    await unit.checkConstraints();
    const past = await changedPast(unit, planned);
    const { sent, askedAt } = await sendUntilMet({ runtime, unit }, planned);
    await takeOver({ runtime, unit }, sent, { askedAt, past });
    await unit.noteGone(planned.filter(isDestroy).map(({ step }) => step));
  };
}

/** @throws SyncError when there are more writes than one changeset takes. */
function requireFit({ client }: Runtime, planned: readonly Planned[]): void {
  const { maxBatch } = client.dialect;
  const over = planned[maxBatch];
  if (!over) return;
  const { model, ...record } = named(over.step);
  throw new SyncError(
    `The transaction has ${planned.length} legacy writes, and one changeset takes ${maxBatch}. Nothing ` +
      `was sent. Commit them in several transactions, or use writes: 'immediate'.`,
    { model, ...record },
  );
}

/** One unit of work, and what serves it. */
interface Delivery {
  readonly runtime: Runtime;
  readonly unit: LegacyUnit;
}

interface Delivered {
  readonly sent: readonly Planned[];
  /** By the database's clock. */
  readonly askedAt: Date;
}

async function sendUntilMet(delivery: Delivery, planned: readonly Planned[]): Promise<Delivered> {
  let open = planned;
  for (let left = attempts; ; left -= 1) {
    await keepFound(delivery, open);
    const sent = open.map((one) => ready(one, open));
    await delivery.unit.add(sent.map(({ step }) => step));
    const askedAt = await delivery.runtime.clock.now();
    try {
      await sendChangesetOf(delivery.runtime, sent);
      return { sent, askedAt };
    } catch (error) {
      await account(delivery, sent, error);
      const again = left > 1 ? await metAgain(delivery, sent, error) : undefined;
      if (!again) throw naming(sent, error);
      open = again;
    }
  }
}

/** The write as it is noted and sent now; its intent is its own. */
function ready<P extends Planned>(planned: P, all: readonly Planned[]): P {
  const step = { ...planned.step, intentId: newIntentId() };
  if (isDestroy(planned)) {
    // What is changed in the same changeset has another version by then.
    const isChanged = all.some((one) => !isDestroy(one) && isSamePlanned(one, planned));
    return { ...planned, step: isChanged ? { ...step, version: undefined } : step };
  }
  if (!isUpdate(planned) || planned.image) return { ...planned, step };
  // What is created in the same changeset holds that before.
  const create = all.find((one) => isCreate(one) && one.key === planned.key);
  const before = valuesOf({ values: create?.step.sent ?? {} }, Object.keys(planned.step.sent));
  return { ...planned, step: { ...step, before } };
}

/** Keep account of what is known of a changeset that failed: all of it, or nothing, was carried out. */
async function account(
  { unit }: Delivery,
  sent: readonly Planned[],
  error: unknown,
): Promise<void> {
  const steps = sent.map(({ step }) => step);
  // What was never sent, because there is no $batch, is an error of our own.
  if (isRefused(error) || error instanceof SyncError) return unit.remove(steps);
  if (!(error instanceof LegacyResponseError && error.answered)) return;
  // NOTE: of a create alone that was repeated, an earlier copy may still be on its way.
  for (const step of steps) step.isOver = step.operation !== 'create' || step.isRepeated !== true;
}

/**
 * The error with the name of the write at fault, where the service tells which it is. It reaches the
 * caller when all has been rolled back, and what may have been carried out was undone.
 */
function naming(sent: readonly Planned[], error: unknown): unknown {
  const { index } = error as { index?: number };
  const fault = index === undefined ? undefined : sent[index];
  if (!fault) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DualWriteError(
    `The legacy system refused this write, and with it all of its transaction: ${reason}`,
    { ...named(fault.step), legacy: 'undone', cause: error },
  );
}
