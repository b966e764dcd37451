import {
  LegacyConflictError,
  LegacyNotFoundError,
  LegacyResponseError,
} from '../../../legacy-client';
import type { Runtime } from '../runtime';
import { changesetSize, isRefused, partsOf, sendChangeset } from './changesets';
import { inWorkers } from './in-workers';
import { removalOf, removeRecord } from './links';
import { lookedAtAgain } from './states';
import type { DestroyStep } from './steps';

/**
 * Delete records, in the order of the steps. Those of one group go as changesets where the service has
 * them; otherwise several at a time, after the first of them has gone: what the service refuses to one
 * it mostly refuses to all. After a failure no more is begun.
 *
 * @throws LegacyError of a delete that failed; the steps say which may have been carried out.
 */
export async function deliver(runtime: Runtime, deletes: readonly DestroyStep[]): Promise<void> {
  for (const group of groupsOf(deletes)) {
    const size = group.length < 2 ? 1 : changesetSize(runtime.client);
    for (const part of partsOf(group, size > 1 ? size : group.length)) {
      const isDone = size > 1 && (await deleteTogether(runtime, part));
      if (!isDone) await deleteOneByOne(runtime, part);
    }
  }
}

/** How often records are looked at again that change each time before they can be made inactive. */
const attempts = 20;

/**
 * The same; records that are to be made inactive, and are not as they were, are looked at again.
 *
 * @param renote - notes the steps for what the records are now, and forgets those before.
 */
export async function deliverUntilMet(
  runtime: Runtime,
  deletes: readonly DestroyStep[],
  renote: (steps: { readonly met: DestroyStep[]; readonly gone: DestroyStep[] }) => Promise<void>,
): Promise<void> {
  let open = deletes;
  for (let left = attempts; ; left -= 1) {
    try {
      await deliver(runtime, open);
      return;
    } catch (error) {
      const isOutdated = error instanceof LegacyConflictError && error.status === 412;
      if (!isOutdated || left <= 1) throw error;
    }
    const unsent = open.filter(({ isDelivered }) => !isDelivered);
    const again = (await lookedAtAgain(runtime, unsent)).filter((step) => step !== undefined);
    await renote({
      met: again.filter((step) => !unsent.includes(step)),
      gone: unsent.filter((step) => !again.includes(step)),
    });
    open = again;
  }
}

/** Delete records that go together or not at all; false where the service has no changesets. */
async function deleteTogether(runtime: Runtime, steps: readonly DestroyStep[]): Promise<boolean> {
  if (steps.length === 0) return true;
  for (const step of steps) step.isDelivered = true;
  const operations = steps.map((step) =>
    removalOf({ ...step, values: step.sent }, conditionOf(step)),
  );
  try {
    const results = await sendChangeset(runtime.client, operations);
    for (const step of steps) {
      step.isDelivered = results !== undefined;
      step.isOver = step.isDelivered;
    }
    return results !== undefined;
  } catch (error) {
    const { index } = error as { index?: number };
    noteFailure(steps, error);
    if (!(error instanceof LegacyNotFoundError) || index === undefined) throw error;
    // What is gone already is no reason to keep the others.
    const others = steps.filter((_, position) => position !== index);
    for (const step of steps) step.isDelivered = !others.includes(step);
    return deleteTogether(runtime, others);
  }
}

async function deleteOneByOne(runtime: Runtime, steps: readonly DestroyStep[]): Promise<void> {
  const [first, ...rest] = steps;
  if (!first) return;
  await deleteRecord(runtime, first);
  const failures: unknown[] = [];
  await inWorkers(rest, async (step) => {
    try {
      await deleteRecord(runtime, step);
    } catch (error) {
      failures.push(error);
    }
    return failures.length === 0;
  });
  if (failures.length > 0) throw failures.find((error) => !isRefused(error)) ?? failures[0];
}

function groupsOf(deletes: readonly DestroyStep[]): DestroyStep[][] {
  const groups: DestroyStep[][] = [];
  for (const step of deletes) {
    const last = groups.at(-1);
    if (last && step.group && last[0]?.group === step.group) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

async function deleteRecord({ client }: Runtime, step: DestroyStep): Promise<void> {
  step.isDelivered = true;
  try {
    await removeRecord(client, { ...step, values: step.sent }, conditionOf(step));
    step.isOver = true;
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return;
    noteFailure([step], error);
    throw error;
  }
}

/** Made inactive is what is as it was looked at: that is what is restored when it is taken back. */
export function conditionOf({ version }: DestroyStep): { ifMatch?: string } {
  return version === undefined ? {} : { ifMatch: version };
}

/** What is known of deletes that failed: not sent, or over, where the service itself has answered. */
function noteFailure(steps: readonly DestroyStep[], error: unknown): void {
  const isAnswered = error instanceof LegacyResponseError && error.answered;
  for (const step of steps) {
    if (isRefused(error)) step.isDelivered = false;
    else if (isAnswered) step.isOver = true;
  }
}
