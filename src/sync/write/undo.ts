import { LegacyNotFoundError, type LegacyChanges, type LegacyRecord } from '../../../legacy-client';
import { DualWriteError, type LegacyFate } from '../errors';
import { removeGone } from '../refresh/absence';
import { refreshScope } from '../refresh/scope';
import type { Runtime } from '../runtime';
import { sameValue, valuesOf } from './images';
import { named, type CreateStep, type DestroyStep, type Step, type UpdateStep } from './steps';

/**
 * Take a legacy write back, as far as nobody has built on it; a delete that was carried out is
 * completed locally instead.
 *
 * @throws DualWriteError when it stands, or may stand, and cannot be taken back.
 */
export async function undo(runtime: Runtime, step: Step): Promise<void> {
  const fate: LegacyFate = step.operation !== 'destroy' && step.after ? 'applied' : 'unknown';
  let isUndone: boolean;
  try {
    isUndone = await undoByKind(runtime, step);
  } catch (error) {
    throw failure(step, fate, error);
  }
  if (!isUndone) throw failure(step, fate);
}

async function undoByKind(runtime: Runtime, step: Step): Promise<boolean> {
  if (step.operation === 'destroy') return completeDestroy(runtime, step);
  const current = await currentRecord(runtime, step);
  // Without an answer the request may still arrive: "not there" settles nothing.
  if (!current) return isSettled(step);
  return step.operation === 'create'
    ? undoCreate(runtime, step, current)
    : undoUpdate(runtime, step, current);
}

function failure(step: Step, legacy: LegacyFate, cause?: unknown): DualWriteError {
  const stands = legacy === 'applied' ? 'stands' : 'may stand';
  return new DualWriteError(
    `The local change was rolled back; the legacy write ${stands}, and could not be taken back ` +
      `safely now. It is noted, and recovery looks at it again.`,
    { ...named(step), legacy, cause },
  );
}

async function currentRecord(runtime: Runtime, step: Step): Promise<LegacyRecord | undefined> {
  if (step.key === '') return undefined;
  try {
    return await runtime.client.get(step.mapping.entity, step.key);
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return undefined;
    throw error;
  }
}

/** Re-creating a record would lose its children, notes and audit: so it is gone here, too. */
async function completeDestroy(runtime: Runtime, step: DestroyStep): Promise<boolean> {
  if (!step.isDelivered) return true;
  const current = await currentRecord(runtime, step);
  // The request never arrived, when it cannot any more.
  if (current) return step.isOver;
  const askedAt = await runtime.clock.now();
  const scope = refreshScope(runtime, undefined);
  const { hidden } = await removeGone(scope, step.mapping, { keys: [step.key], askedAt });
  return hidden.length === 0;
}

type Same = (name: string, a: LegacyChanges, b: LegacyChanges) => boolean;

function sameIn(step: Step): Same {
  const kinds = new Map(step.mapping.entity.properties.map(({ name, kind }) => [name, kind]));
  return (name, a, b) => sameValue(a[name] ?? null, b[name] ?? null, kinds.get(name) ?? 'string');
}

/** A create goes only while the record holds what we left: others may rely on a changed one. */
async function undoCreate(
  { client }: Runtime,
  step: CreateStep,
  current: LegacyRecord,
): Promise<boolean> {
  const same = sameIn(step);
  const names = step.after
    ? step.mapping.attributes.map(({ property }) => property.name)
    : Object.keys(step.sent);
  const ours = step.after?.values ?? step.sent;
  if (!names.every((name) => same(name, current.values, ours))) return false;
  await client.delete(step.mapping.entity, step.key, ifUnchanged(current));
  // Where unanswered creates are repeated, another copy of the request may still be on its way.
  return isSettled(step) || !client.dialect.idempotentCreate;
}

/** A field goes back only while it still holds what we sent. */
async function undoUpdate(
  { client }: Runtime,
  step: UpdateStep,
  current: LegacyRecord,
): Promise<boolean> {
  const same = sameIn(step);
  const names = Object.keys(step.sent);
  const ours = step.after ? valuesOf(step.after, names) : step.sent;
  const changed = names.filter((name) => !same(name, current.values, step.before));
  if (changed.length === 0) return isSettled(step);
  const held = changed.filter((name) => same(name, current.values, ours));
  if (held.length > 0) {
    const before = Object.fromEntries(held.map((name) => [name, step.before[name] ?? null]));
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
