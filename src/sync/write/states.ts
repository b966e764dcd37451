import type { LegacyChanges, LegacyProperty, LegacyRecord } from '../../../legacy-client';
import { everyRecordOf, type Deactivation, type Mapping } from '../../mapping';
import { localTable } from '../local-table';
import { recordIfThere, withKeys } from '../refresh/fetch';
import { noteKnown } from '../refresh/store';
import { activeState, isActive, stateIn } from '../states';
import type { Runtime } from '../runtime';
import { isCreate, isDestroy } from './pending/planned';
import { newIntentId, type DestroyStep } from './steps';
import type { SyncedWrite } from './synced-write';

/**
 * The records of these keys, those that are not there by their state included, by key in lower case.
 *
 * @param properties - default all.
 */
export async function everyRecord(
  { runtime, mapping }: Pick<SyncedWrite, 'runtime' | 'mapping'>,
  keys: readonly string[],
  properties?: readonly LegacyProperty[],
): Promise<Map<string, LegacyRecord>> {
  const every = everyRecordOf(mapping);
  const entity = properties ? { ...every, properties } : every;
  const listed =
    keys.length < 2 ? [] : await runtime.client.list(entity, { filter: withKeys(mapping, keys) });
  const records = new Map(listed.map((record) => [record.key.toLowerCase(), record]));
  for (const key of keys) {
    if (records.has(key.toLowerCase())) continue;
    // A list may lack what is there; a single GET is certain.
    const record = await recordIfThere(runtime, { entity }, key);
    if (record) records.set(record.key.toLowerCase(), record);
  }
  return records;
}

/** What must be known to take a record away. */
export interface Removal {
  /** Of a link the keys at both ends; of a record that is made inactive its state before; else nothing. */
  readonly sent: LegacyChanges;
  /** The version that a record has while that is its state, where the service has versions. */
  readonly version?: string | undefined;
}

/**
 * Find the states of records that are to be made inactive: what they are put back to when that is
 * taken back.
 *
 * @returns in the order of the keys; undefined for those that are not there any more, of which nothing
 * has to be sent.
 */
export async function statesToLeave(
  write: SyncedWrite,
  deactivation: Deactivation,
  keys: readonly string[],
): Promise<(Removal | undefined)[]> {
  const { runtime, mapping, transaction, place, unit } = write;
  const isMade = (key: string): boolean => {
    const planned = unit.planned(mapping, key.toLowerCase());
    if (!planned || isDestroy(planned)) return false;
    return isCreate(planned) || isActive(deactivation, planned.step.sent);
  };
  const askedAt = await runtime.clock.now();
  const found = await activeStates(
    write,
    deactivation,
    keys.filter((key) => !isMade(key)),
  );
  const states = keys.map((key) =>
    // What this transaction is yet to create, or to make active, will be active.
    isMade(key) ? { sent: activeState(deactivation) } : found.get(key.toLowerCase()),
  );
  const gone = keys.filter((_, index) => states[index] === undefined);
  if (gone.length > 0) {
    const known = { model: mapping.name, keys: gone, askedAt, gone: true };
    await noteKnown({ ...place, transaction }, known);
  }
  return states;
}

/** The states of those of records that are active, by key in lower case. */
async function activeStates(
  write: Pick<SyncedWrite, 'runtime' | 'mapping'>,
  deactivation: Deactivation,
  keys: readonly string[],
): Promise<Map<string, Removal>> {
  const { property, status } = deactivation;
  const records = await everyRecord(write, keys, [property, ...(status ? [status] : [])]);
  const active = [...records].filter(([, { values }]) => isActive(deactivation, values));
  return new Map(
    active.map(([key, record]) => {
      const { version } = record;
      return [key, { sent: stateIn(deactivation, record), version: version ?? undefined }];
    }),
  );
}

/**
 * Look again at records that are to be made inactive and are not as they were.
 *
 * @returns the steps for what they are now; undefined for those that are not active any more, of which
 * nothing has to be sent.
 */
export async function lookedAtAgain(
  runtime: Runtime,
  steps: readonly DestroyStep[],
): Promise<(DestroyStep | undefined)[]> {
  const found = new Map<Mapping, ReadonlyMap<string, Removal>>();
  for (const mapping of new Set(steps.map((step) => step.mapping))) {
    if (!mapping.deactivation) continue;
    const keys = steps.filter((step) => step.mapping === mapping).map(({ key }) => key);
    found.set(mapping, await activeStates({ runtime, mapping }, mapping.deactivation, keys));
  }
  return steps.map((step) => {
    if (step.version === undefined) return step;
    const removal = found.get(step.mapping)?.get(step.key.toLowerCase());
    return removal && { ...step, ...removal, intentId: newIntentId() };
  });
}

/**
 * Have soft-deleted rows of these records count as in step with the legacy system: their records may
 * come back.
 */
export async function keepInStep(
  { runtime, mapping, place }: SyncedWrite,
  keys: readonly string[],
): Promise<void> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  if (!mapping.deactivation || !t.deletedAt || keys.length === 0) return;
  await place.sequelize.query(
    `
UPDATE ${name} SET ${t.modifiedAt} = ${t.legacyModifiedAt}
 WHERE ${t.legacyId} = ANY ($1::uuid[]) AND ${t.modifiedAt} > ${t.legacyModifiedAt}`,
    { bind: [keys], transaction: place.transaction },
  );
}
