import { LegacyNotFoundError, type LegacyRecord } from '../../../legacy-client';
import { DualWriteError, type LegacyFate } from '../errors';
import type { Runtime } from '../runtime';
import { differingAttributes, sameValue, valuesOf } from './images';
import type { CreateStep, Step, UpdateStep } from './steps';

/**
 * Take a legacy write back, as far as nobody has built on it.
 *
 * @throws DualWriteError when it stands, or may stand, and cannot be taken back.
 */
export async function undo(runtime: Runtime, step: Step): Promise<void> {
  if (step.operation === 'destroy') return;
  let fate: LegacyFate = step.after ? 'applied' : 'unknown';
  try {
    const current = await currentRecord(runtime, step);
    const undone =
      step.operation === 'create'
        ? await undoCreate(runtime, step, current)
        : await undoUpdate(runtime, step, current);
    if (undone) return;
    if (current && !step.after) fate = 'unknown';
  } catch (error) {
    throw failure(step, fate, error);
  }
  throw failure(step, fate);
}

function failure(step: Step, legacy: LegacyFate, cause?: unknown): DualWriteError {
  const stands = legacy === 'applied' ? 'stands' : 'may stand';
  return new DualWriteError(
    `The local change was rolled back; the legacy write ${stands}, and it could not be taken back ` +
      `safely. Compare the record on both sides.`,
    {
      model: step.mapping.name,
      id: step.id,
      legacyId: step.key,
      operation: step.operation,
      legacy,
      cause,
    },
  );
}

async function currentRecord(runtime: Runtime, step: Step): Promise<LegacyRecord | undefined> {
  try {
    return await runtime.client.get(step.mapping.entity, step.key);
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return undefined;
    throw error;
  }
}

/** A create goes only if the record is still as we left it: others may refer to a changed one. */
async function undoCreate(
  { client }: Runtime,
  step: CreateStep,
  current: LegacyRecord | undefined,
): Promise<boolean> {
  // Without an answer the request may still arrive: "not there" settles nothing.
  if (!current) return isSettled(step);
  if (step.after && differingAttributes(step.mapping.attributes, current, step.after).length > 0) {
    return false;
  }
  await client.delete(step.mapping.entity, step.key, ifUnchanged(current));
  return true;
}

/** A field goes back only while it still holds what we sent. */
async function undoUpdate(
  { client }: Runtime,
  step: UpdateStep,
  current: LegacyRecord | undefined,
): Promise<boolean> {
  if (!current) return isSettled(step);
  const kinds = new Map(step.mapping.entity.properties.map(({ name, kind }) => [name, kind]));
  const ours = step.after ? valuesOf(step.after, Object.keys(step.sent)) : step.sent;
  const names = Object.keys(step.sent);
  const same = (name: string, a: LegacyRecord['values'], b: LegacyRecord['values']): boolean =>
    sameValue(a[name] ?? null, b[name] ?? null, kinds.get(name) ?? 'string');
  const changed = names.filter((name) => !same(name, current.values, step.before.values));
  if (changed.length === 0) return isSettled(step);
  const held = changed.filter((name) => same(name, current.values, ours));
  if (held.length > 0) {
    const before = valuesOf(step.before, held);
    await client.update(step.mapping.entity, step.key, before, ifUnchanged(current));
  }
  return held.length === changed.length;
}

/** Whether the record will stay as it is: a request without an answer may still arrive. */
function isSettled(step: CreateStep | UpdateStep): boolean {
  return step.after !== undefined || step.isOver;
}

function ifUnchanged(current: LegacyRecord): { ifMatch?: string } {
  return current.version === null ? {} : { ifMatch: current.version };
}
