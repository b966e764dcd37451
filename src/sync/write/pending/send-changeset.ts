import type { BatchResult, LegacyClient } from '../../../../legacy-client';
import { SyncError } from '../../errors';
import { isRefused, sendChangeset } from '../changesets';
import { conditionOf, deliver } from '../deliver';
import { removalOf } from '../links';
import type { Runtime } from '../../runtime';
import { finish, operationOf, sendInTurns, type Outgoing } from '../send-in-turns';
import { named } from '../steps';
import { isCreate, isDestroy, isUpdate, type Planned, type PlannedSave } from './planned';

/**
 * Send planned writes that are carried out together or not at all: as one changeset, or a single one as
 * a request of its own, which the client may repeat.
 *
 * @throws LegacyError with the `index` of the write at fault, where one is; SyncError when the service
 * has no changesets.
 */
export async function sendChangesetOf(
  runtime: Runtime,
  planned: readonly Planned[],
): Promise<void> {
  const [only] = planned;
  if (only && planned.length === 1) return sendSingle(runtime, only);
  begin(planned);
  try {
    const results = await sendChangeset(runtime.client, planned.map(operationFor), {
      isWhole: true,
    });
    if (results) end(planned, results);
    else throw noChangesets(planned);
  } catch (error) {
    const isDone = !isRefused(error) && !(error instanceof SyncError);
    if (!isDone) for (const one of planned.filter(isDestroy)) one.step.isDelivered = false;
    throw error;
  }
}

async function sendSingle(runtime: Runtime, planned: Planned): Promise<void> {
  if (isDestroy(planned)) return deliver(runtime, [planned.step]);
  const [failure] = (await sendInTurns(runtime.client, [outgoingOf(planned)])).failures;
  if (failure) throw Object.assign(failure.error as Error, { index: 0 });
}

function begin(planned: readonly Planned[]): void {
  for (const one of planned) {
    if (isDestroy(one)) one.step.isDelivered = true;
    else if (isCreate(one)) one.step.isSentOnce = true;
  }
}

function end(planned: readonly Planned[], results: readonly BatchResult[]): void {
  planned.forEach((one, index) => {
    const { record, key } = results[index] ?? {};
    if (isDestroy(one)) one.step.isOver = true;
    else finish(one.step, record, key);
  });
}

function noChangesets([first]: readonly Planned[]): SyncError {
  const { model, ...record } = first ? named(first.step) : { model: '' };
  return new SyncError(
    "The service has no $batch, which connectLegacy({ writes: 'changeset' }) needs. Nothing was " +
      "sent. Leave writes out, or say 'immediate'.",
    { model, ...record },
  );
}

function operationFor(planned: Planned): Parameters<LegacyClient['batch']>[0][number] {
  if (!isDestroy(planned)) return operationOf(outgoingOf(planned));
  const { step } = planned;
  return removalOf({ ...step, values: step.sent }, conditionOf(step));
}

/** An update goes on the condition that its record still has the version that is known. */
function outgoingOf(planned: PlannedSave): Outgoing {
  const { step } = planned;
  return isUpdate(planned) ? { step, ifMatch: planned.image?.version ?? undefined } : { step };
}
