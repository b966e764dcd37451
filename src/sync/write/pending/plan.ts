import type { LegacyChanges } from '../../../../legacy-client';
import { currentFrame } from '../../../model/context';
import { SyncError } from '../../errors';
import { idText } from '../../query/bound-of-options';
import { hasChangesets } from '../changesets';
import type { SyncedInstance } from '../save';
import { named, type CreateStep, type DestroyStep, type Step } from '../steps';
import { idOf, requireTransaction, type SyncedWrite } from '../synced-write';
import { deliverTogether } from './deliver-together';
import { holdPending } from './hold';
import { isCreate, names, type Planned, type PlannedCreate, type PlannedUpdate } from './planned';

/** A row whose record is going to be created. */
export interface RowToCreate {
  readonly instance: SyncedInstance;
  readonly step: CreateStep;
}

/** Have records created at the end of the transaction. */
export async function planCreates(write: SyncedWrite, rows: readonly RowToCreate[]): Promise<void> {
  const { mapping, runtime } = write;
  if (rows.length === 0) return;
  const isKeyKnown = runtime.client.dialect.clientKeys === 'yes' && !mapping.link;
  const { revision } = currentFrame();
  const instances = rows.map(({ instance }) => instance);
  const { held, whole } = await holdPending(write, instances);
  const planned = rows.map(({ instance, step }): PlannedCreate => ({
    ...{ step, isKeyKnown, whole, revision },
    key: String(instance.legacyId).toLowerCase(),
    instances: [instance],
    held: held.get(idText(idOf(instance))) ?? {},
  }));
  await plan(write, planned);
}

/** Have records changed at the end of the transaction. */
export async function planUpdates(
  write: SyncedWrite,
  updates: readonly Omit<PlannedUpdate, 'instances' | 'whole' | 'held' | 'revision'>[],
): Promise<void> {
  if (updates.length === 0) return;
  const { revision } = currentFrame();
  const instances = updates.map(({ row }) => row.instance);
  const { held, whole } = await holdPending(write, instances);
  const planned = updates.map((update): PlannedUpdate => {
    const { instance } = update.row;
    const row = held.get(idText(idOf(instance))) ?? {};
    return { ...update, instances: [instance], whole, held: row, revision };
  });
  await plan(write, planned);
}

/** Have records deleted at the end of the transaction. */
export async function planDestroys(
  write: SyncedWrite,
  steps: readonly DestroyStep[],
): Promise<void> {
  if (steps.length === 0) return;
  requireTransaction(write);
  const planned = steps.map((step) => ({ step, key: step.key.toLowerCase() }));
  if (write.runtime.writes === 'changeset') await plan(write, planned);
  else await write.unit.plan(planned);
}

async function plan(write: SyncedWrite, planned: readonly Planned[]): Promise<void> {
  const { unit, runtime } = write;
  requireTransaction(write);
  requireChangesets(write);
  const open = [...unit.allPlanned, ...planned].filter(isCreate);
  const unknown = open.filter(({ isKeyKnown }) => !isKeyKnown);
  for (const { step } of planned) refuseUnknownKeys(step, unknown);
  await unit.plan(planned, deliverTogether(runtime));
}

/** @throws SyncError when the service has said that it has no changesets. */
function requireChangesets({ runtime: { client }, mapping }: SyncedWrite): void {
  if (hasChangesets(client)) return;
  throw new SyncError(
    "The service has no $batch, which connectLegacy({ writes: 'changeset' }) needs. Leave writes " +
      "out, or say 'immediate'.",
    { model: mapping.name },
  );
}

/** @throws SyncError when a record refers to one whose key only the service will choose. */
function refuseUnknownKeys(step: Step, unknown: readonly PlannedCreate[]): void {
  const target = unknown.find(({ key, step: { mapping } }) => isNamed(step, key, mapping.name));
  if (!target) return;
  throw new SyncError(
    `It refers to a ${target.step.mapping.name} of the same transaction, and the service may choose ` +
      `another key for that than ours. Commit that one first; or use writes: 'immediate'; or, when ` +
      `the service does take keys, say so: createLegacyClient({ capabilities: { clientKeys: 'yes' } }).`,
    { ...named(step), model: step.mapping.name },
  );
}

function isNamed({ mapping, sent }: Step, key: string, model: string): boolean {
  const lookups = mapping.attributes.filter(({ target }) => target?.name === model);
  const values = lookups.map(({ property }) => [property.name, sent[property.name] ?? null]);
  return names(Object.fromEntries(values) as LegacyChanges, key);
}
