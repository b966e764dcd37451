import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { MappedAttribute } from '../../../mapping';
import { idText } from '../../query/bound-of-options';
import { createRecords } from '../create';
import { destroyStep } from '../destroy';
import { planDestroys } from '../pending/plan';
import type { SyncedInstance } from '../save';
import { removalValues } from '../removed-links';
import { storeLegacyIds } from '../store-legacy-ids';
import { takeStored } from '../stored-row';
import { idOf, type SyncedWrite } from '../synced-write';
import { updateRecords, type ChangedRow, type UpdateRules } from '../update';
import { hasRecord, isDeleted } from './fresh-images';
import { currentRows, type LockedRows } from './locked-rows';
import { inWaves } from './waves';

/** What a bulk call's own statement has done, and what became of it. */
export interface Outcome {
  /** The rows as they are on both sides now, by primary key as text. */
  readonly after: ReadonlyMap<string, SyncedInstance>;
  /** Rows whose updates were refused, as far as the rules let that happen. */
  readonly failed: readonly SyncedInstance[];
}

/**
 * Send what a bulk call's own statement has changed of the rows that were locked before it.
 *
 * | before | after | sent |
 * | --- | --- | --- |
 * | alive | a mapped column differs | an update of those columns |
 * | alive | gone, or soft-deleted | a delete, as the last thing before COMMIT |
 * | soft-deleted | alive | a create, under a new key |
 * | never had a record | a mapped column differs | a create |
 */
export async function sendChanges(
  write: SyncedWrite,
  { before, images }: LockedRows,
  rules?: UpdateRules,
): Promise<Outcome> {
  const key = write.mapping.model.primaryKeyAttribute;
  const rows = before.length === 0 ? [] : await currentRows(write, { [key]: before.map(idOf) });
  const after = new Map(rows.map((row) => [idText(idOf(row)), row]));
  const updates: ChangedRow[] = [];
  const creates: SyncedInstance[] = [];
  const doomed: SyncedInstance[] = [];
  for (const old of before) {
    const row = after.get(idText(idOf(old)));
    if (!row || isDeleted(write.mapping, row)) {
      if (hasRecord(write, old)) doomed.push(old);
      continue;
    }
    const changed = changedAttributes(write, old, row);
    if (isDeleted(write.mapping, old) || (old.legacyId === null && changed.length > 0))
      creates.push(row);
    else if (changed.length > 0) updates.push(changedRow(row, { old, changed, images }));
  }
  await createSuccessors(write, creates);
  const failed = await updateRecords(write, updates, rules);
  await destroyRecords(write, doomed);
  return { after, failed: failed.map(({ instance }) => instance) };
}

function changedRow(
  instance: SyncedInstance,
  {
    old,
    changed,
    images,
  }: Pick<LockedRows, 'images'> & {
    readonly old: SyncedInstance;
    readonly changed: readonly MappedAttribute[];
  },
): ChangedRow {
  const image = images.get(String(instance.legacyId).toLowerCase());
  const before = old.dataValues as Record<string, unknown>;
  return { instance, changed, before, ...(image && { image }) };
}

/** The mapped attributes whose values differ. */
export function changedAttributes(
  { mapping }: SyncedWrite,
  before: SyncedInstance,
  after: SyncedInstance,
): MappedAttribute[] {
  const old = before.dataValues as Record<string, unknown>;
  const values = after.dataValues as Record<string, unknown>;
  return mapping.attributes.filter(
    ({ attribute }) => !isDeepStrictEqual(old[attribute] ?? null, values[attribute] ?? null),
  );
}

/** Rows whose records are gone, or that never had one, get new ones. */
async function createSuccessors(
  write: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<void> {
  if (instances.length === 0) return;
  for (const instance of instances) takeStored(instance, { legacyId: randomUUID() });
  await storeLegacyIds(
    write,
    instances.map((instance) => ({ id: idOf(instance), key: String(instance.legacyId) })),
  );
  const rows = instances.map((instance) => ({ mapping: write.mapping, instance }));
  for (const wave of inWaves(rows)) {
    await createRecords(
      write,
      wave.map(({ instance }) => ({ instance, wasNew: false })),
    );
  }
}

/** Have records deleted, those that refer to others first. */
async function destroyRecords(
  write: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<void> {
  const { unit, mapping } = write;
  const removed = await removalValues(
    write,
    instances.map(({ legacyId, dataValues }) => ({
      key: String(legacyId),
      values: dataValues as Record<string, unknown>,
    })),
  );
  const values = new Map(instances.map((instance, index) => [instance, removed[index]]));
  const waves = inWaves(instances.map((instance) => ({ mapping, instance }))).reverse();
  const steps = waves.flatMap((wave) => {
    const group = {};
    return wave.flatMap(({ instance }) => {
      const sent = values.get(instance);
      const record = { mapping, id: idOf(instance), key: String(instance.legacyId), group };
      return sent ? [destroyStep(unit, { ...record, sent })] : [];
    });
  });
  await planDestroys(write, steps);
}
