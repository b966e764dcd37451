import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { MappedAttribute } from '../../../mapping';
import { idText } from '../../query/bound-of-options';
import { createRecords } from '../create';
import { destroyStep } from '../destroy';
import { planDestroys } from '../pending/plan';
import { reactivateRecords, type RestoredRow } from '../reactivate';
import type { SyncedInstance } from '../save';
import { removalValues } from '../removed-links';
import { keepInStep } from '../states';
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
 * | alive | gone, or soft-deleted | a delete, or its state, as the last thing before COMMIT |
 * | soft-deleted | alive | a create, under a new key; its state, where it was made inactive |
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
  const { updates, creates, restored, doomed } = divided(write, { before, images }, after);
  await createSuccessors(write, [...creates, ...(await reactivated(write, restored))]);
  const failed = await updateRecords(write, updates, rules);
  await destroyRecords(write, doomed);
  return { after, failed: failed.map(({ instance }) => instance) };
}

/** What has become of rows. */
interface Divided {
  readonly updates: ChangedRow[];
  readonly creates: SyncedInstance[];
  /** Soft-deleted rows that are alive again. */
  readonly restored: RestoredRow[];
  readonly doomed: SyncedInstance[];
}

function divided(
  write: SyncedWrite,
  { before, images }: LockedRows,
  after: Outcome['after'],
): Divided {
  const { updates, creates, restored, doomed }: Divided = {
    ...{ updates: [], creates: [], restored: [], doomed: [] },
  };
  for (const old of before) {
    const row = after.get(idText(idOf(old)));
    if (!row || isDeleted(write.mapping, row)) {
      if (hasRecord(write, old)) doomed.push(old);
      continue;
    }
    const changed = changedAttributes(write, old, row);
    const isNew = old.legacyId === null && changed.length > 0;
    if (isDeleted(write.mapping, old)) restored.push({ instance: row, changed });
    else if (isNew) creates.push(row);
    else if (changed.length > 0) updates.push(changedRow(row, { old, changed, images }));
  }
  return { updates, creates, restored, doomed };
}

/** Make what was made inactive active again; gives the rows that need new records. */
async function reactivated(
  write: SyncedWrite,
  restored: readonly RestoredRow[],
): Promise<SyncedInstance[]> {
  const { deactivation } = write.mapping;
  const known = restored.filter(({ instance }) => deactivation && instance.legacyId !== null);
  const others = restored.filter((row) => !known.includes(row));
  const lost = deactivation ? await reactivateRecords(write, deactivation, known) : [];
  return [...others, ...lost].map(({ instance }) => instance);
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
  await keepInStep(
    write,
    instances.map(({ legacyId }) => String(legacyId)),
  );
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
      const removal = values.get(instance);
      const record = { mapping, id: idOf(instance), key: String(instance.legacyId), group };
      return removal ? [destroyStep(unit, { ...record, ...removal })] : [];
    });
  });
  await planDestroys(write, steps);
}
