import type { LegacyChanges, LegacyRecord } from '../../../legacy-client';
import { DualWriteError, type LegacyFate } from '../errors';
import { removeGone } from '../refresh/absence';
import { recordIfThere } from '../refresh/fetch';
import { refreshScope } from '../refresh/scope';
import { everyRecordOf, type Deactivation, type Mapping } from '../../mapping';
import type { Runtime } from '../runtime';
import { resembles, sameValue } from './images';
import { findLinks, linkName, withdrawRecord } from './links';
import { isActive, isInactive } from '../states';
import { named, type CreateStep, type DestroyStep, type Step, type UpdateStep } from './steps';

/** A write that stands, or may stand, and could not be taken back. */
interface NotUndone {
  /** In a few words: what an operator should know. */
  readonly reason: string;
  readonly error: DualWriteError;
}

/**
 * Take a legacy write back, as far as nobody has built on it; a delete that was carried out is
 * completed locally instead.
 *
 * @throws DualWriteError when it stands, or may stand, and cannot be taken back.
 */
export async function undo(runtime: Runtime, step: Step): Promise<void> {
  const failed = await tryUndo(runtime, step);
  if (failed) throw failed.error;
}

/** The same, without throwing. */
export async function tryUndo(runtime: Runtime, step: Step): Promise<NotUndone | undefined> {
  try {
    const reason = await undoByKind(runtime, step);
    return reason === undefined ? undefined : { reason, error: failure(step, reason) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { reason, error: failure(step, reason, error) };
  }
}

/** Why a write could not be taken back now; undefined when it was. */
type Obstacle = string | undefined;

const decide = 'decide with "dual-write repair"';

async function undoByKind(runtime: Runtime, step: Step): Promise<Obstacle> {
  if (step.operation === 'destroy') return completeDestroy(runtime, step);
  const current = await currentRecord(runtime, step);
  // Without an answer the request may still arrive: "not there" settles nothing.
  if (!current) return mayStillArrive(step);
  return step.operation === 'create'
    ? undoCreate(runtime, step, current)
    : undoUpdate(runtime, step, current);
}

function failure(step: Step, obstacle: string, cause?: unknown): DualWriteError {
  const legacy: LegacyFate = step.operation !== 'destroy' && step.after ? 'applied' : 'unknown';
  const stands = legacy === 'applied' ? 'stands' : 'may stand';
  return new DualWriteError(
    `The local change was rolled back; the legacy write ${stands}, and could not be taken back ` +
      `safely now: ${obstacle}. It is noted, and recovery looks at it again.`,
    { ...named(step), legacy, cause },
  );
}

async function currentRecord(runtime: Runtime, step: Step): Promise<LegacyRecord | undefined> {
  const { mapping, key, sent } = step;
  if (key !== '') return recordIfThere(runtime, { entity: everyRecordOf(mapping) }, key);
  const { link } = mapping;
  const links = await findLinks(runtime, mapping, [sent]);
  return link && links.get(linkName(link, sent));
}

/** Re-creating a record would lose its children, notes and audit: so it is gone here, too. */
async function completeDestroy(runtime: Runtime, step: DestroyStep): Promise<Obstacle> {
  if (!step.isDelivered) return undefined;
  const current = await currentRecord(runtime, step);
  const { deactivation } = step.mapping;
  if (deactivation) return undoDeactivation(runtime, { step, deactivation }, current);
  // The request never arrived, when it cannot any more.
  if (current) return mayStillArrive(step);
  const askedAt = await runtime.clock.now();
  const scope = refreshScope(runtime, undefined);
  const { hidden } = await removeGone(scope, step.mapping, { keys: [step.key], askedAt });
  if (hidden.length === 0) return undefined;
  return 'the record is gone, but other rows here still refer to its row; remove those';
}

/** The record is put back into the state that it had; what has become of it otherwise stays. */
async function undoDeactivation(
  { client }: Runtime,
  { step, deactivation }: { readonly step: DestroyStep; readonly deactivation: Deactivation },
  current: LegacyRecord | undefined,
): Promise<Obstacle> {
  if (!current) return undefined;
  // The request never arrived, when it cannot any more; or somebody has made the record active again.
  if (!isInactive(deactivation, current.values)) return mayStillArrive(step);
  await client.update(step.mapping.entity, step.key, step.sent, ifUnchanged(current));
  return undefined;
}

type Same = (name: string, a: LegacyChanges, b: LegacyChanges) => boolean;

function comparing(step: Step, compare: typeof sameValue): Same {
  const kinds = new Map(step.mapping.entity.properties.map(({ name, kind }) => [name, kind]));
  return (name, a, b) => compare(a[name] ?? null, b[name] ?? null, kinds.get(name) ?? 'string');
}

/** Whether the record holds what we left; without an answer, what the service makes of what we sent. */
function isOursIn(
  step: CreateStep | UpdateStep,
): (name: string, current: LegacyChanges) => boolean {
  const { after, sent } = step;
  const same = comparing(step, after ? sameValue : resembles);
  return (name, current) => same(name, current, after?.values ?? sent);
}

/**
 * A create goes only while the record holds what we left, and nobody refers to it: others may rely on
 * it, and the service would delete with it what belongs to it.
 */
async function undoCreate(
  runtime: Runtime,
  step: CreateStep,
  current: LegacyRecord,
): Promise<Obstacle> {
  const { client } = runtime;
  const { mapping } = step;
  // A reader may have stored the record: it is known by its key.
  step.key = current.key;
  if (mapping.deactivation && !isActive(mapping.deactivation, current.values)) {
    return `somebody has made the record inactive since; ${decide}`;
  }
  const isOurs = isOursIn(step);
  const names = step.after
    ? step.mapping.attributes.map(({ property }) => property.name)
    : Object.keys(step.sent);
  const others = names.filter((name) => !isOurs(name, current.values));
  if (others.length > 0) return changedSince(step, others);
  const referring = await referringModel(runtime, step);
  if (referring) return `a ${referring.name} refers to the record; remove that one, or ${decide}`;
  await withdrawRecord(client, { mapping, ...current }, ifUnchanged(current));
  // Where unanswered creates are repeated, another copy of the request may still be on its way.
  const isRepeatable = client.dialect.idempotentCreate || mapping.link !== undefined;
  return isRepeatable && step.isSentOnce !== true ? mayStillArrive(step) : undefined;
}

/** The first mapped model of which a record refers to this one. */
async function referringModel(
  { client, registry }: Runtime,
  step: CreateStep,
): Promise<Mapping | undefined> {
  for (const mapping of registry.values()) {
    for (const { property, target } of mapping.attributes) {
      if (target !== step.mapping) continue;
      const filter = { op: 'eq', property, value: step.key } as const;
      if ((await client.list(everyRecordOf(mapping), { filter, top: 1 })).length > 0)
        return mapping;
    }
  }
  return undefined;
}

/** A field goes back only while it still holds what we sent. */
async function undoUpdate(
  { client }: Runtime,
  step: UpdateStep,
  current: LegacyRecord,
): Promise<Obstacle> {
  const same = comparing(step, sameValue);
  const isOurs = isOursIn(step);
  const changed = Object.keys(step.sent).filter((name) => !same(name, current.values, step.before));
  if (changed.length === 0) return mayStillArrive(step);
  const held = changed.filter((name) => isOurs(name, current.values));
  if (held.length > 0) {
    // With a state goes its reason, which the service has changed by itself.
    const others = Object.keys(step.before).filter((name) => !(name in step.sent));
    const names = [...held, ...others];
    const before = Object.fromEntries(names.map((name) => [name, step.before[name] ?? null]));
    await client.update(step.mapping.entity, step.key, before, ifUnchanged(current));
  }
  const others = changed.filter((name) => !held.includes(name));
  return others.length > 0 ? changedSince(step, others) : undefined;
}

function changedSince({ mapping }: Step, properties: readonly string[]): string {
  const names = properties.map((name) => {
    const mapped = mapping.attributes.find(({ property }) => property.name === name);
    return mapped?.attribute ?? name;
  });
  return `somebody has changed the record since (${names.join(', ')}); ${decide}`;
}

/** What keeps a record from being settled as it is: a request without an answer may still arrive. */
function mayStillArrive(step: Step): Obstacle {
  return step.isOver ? undefined : 'its request may still arrive, until settleAfterMs is over';
}

function ifUnchanged(current: LegacyRecord): { ifMatch?: string } {
  return current.version === null ? {} : { ifMatch: current.version };
}
