import { LegacyError, LegacyNotFoundError } from '../../../legacy-client';
import type { Runtime } from '../runtime';
import { inWorkers } from './in-workers';
import type { DestroyStep } from './steps';

/**
 * Delete records, in the order of the steps; those of one group several at a time, after the first of
 * them has gone: what the service refuses to one it mostly refuses to all. After a failure no more is
 * begun.
 *
 * @throws LegacyError of a delete that failed; the steps say which may have been carried out.
 */
export async function deliver(runtime: Runtime, deletes: readonly DestroyStep[]): Promise<void> {
  for (const { first, rest } of groupsOf(deletes)) {
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
}

interface Group {
  readonly first: DestroyStep;
  readonly rest: DestroyStep[];
}

function groupsOf(deletes: readonly DestroyStep[]): Group[] {
  const groups: Group[] = [];
  for (const step of deletes) {
    const last = groups.at(-1);
    if (last && step.group && last.first.group === step.group) last.rest.push(step);
    else groups.push({ first: step, rest: [] });
  }
  return groups;
}

async function deleteRecord({ client }: Runtime, step: DestroyStep): Promise<void> {
  step.isDelivered = true;
  try {
    await client.delete(step.mapping.entity, step.key);
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return;
    if (isRefused(error)) step.isDelivered = false;
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof LegacyError && error.outcome === 'refused';
}
