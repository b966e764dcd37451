import type { LegacyChanges, LegacyProperty, LegacyRecord } from '../../../legacy-client';
import { everyRecordOf, type Deactivation } from '../../mapping';
import { localTable } from '../local-table';
import { recordIfThere, withKeys } from '../refresh/fetch';
import { noteKnown } from '../refresh/store';
import { activeState, isActive, stateIn } from '../states';
import { isCreate, isDestroy } from './pending/planned';
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
): Promise<(LegacyChanges | undefined)[]> {
  const { runtime, mapping, transaction, place, unit } = write;
  const isMade = (key: string): boolean => {
    const planned = unit.planned(mapping, key.toLowerCase());
    if (!planned || isDestroy(planned)) return false;
    return isCreate(planned) || isActive(deactivation, planned.step.sent);
  };
  const askedAt = await runtime.clock.now();
  const { property, status } = deactivation;
  const records = await everyRecord(
    write,
    keys.filter((key) => !isMade(key)),
    [property, ...(status ? [status] : [])],
  );
  const states = keys.map((key) => {
    // What this transaction is yet to create, or to make active, will be active.
    if (isMade(key)) return activeState(deactivation);
    const record = records.get(key.toLowerCase());
    return record && isActive(deactivation, record.values)
      ? stateIn(deactivation, record)
      : undefined;
  });
  const gone = keys.filter((_, index) => states[index] === undefined);
  if (gone.length > 0) {
    const known = { model: mapping.name, keys: gone, askedAt, gone: true };
    await noteKnown({ ...place, transaction }, known);
  }
  return states;
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
