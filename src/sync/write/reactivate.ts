import { randomUUID } from 'node:crypto';
import { LegacyConflictError, type LegacyRecord } from '../../../legacy-client';
import type { Deactivation, MappedAttribute } from '../../mapping';
import { activeState, isActive, stateIn } from '../states';
import { takeAfterImages } from './after-image';
import { createRecords } from './create';
import { planChanges } from './pending/plan-changes';
import type { SyncedInstance } from './save';
import { send } from './send';
import { everyRecord, keepInStep } from './states';
import { newIntentId, type UpdateStep } from './steps';
import { storeLegacyIds } from './store-legacy-ids';
import { takeStored } from './stored-row';
import { idOf, type SyncedWrite } from './synced-write';
import { updateRecords } from './update';

/** A row that is here again. */
export interface RestoredRow {
  readonly instance: SyncedInstance;
  /** What the same call has changed of it beside that. */
  readonly changed: readonly MappedAttribute[];
}

interface Found extends RestoredRow {
  readonly record: LegacyRecord;
}

/** How often a change of state is sent that meets a change of the record each time. */
const attempts = 5;

/**
 * Make the records of rows active again that were destroyed, and bring the rows to what the records
 * hold: CRM users may have changed them meanwhile.
 *
 * @returns the rows whose records are not there any more: they need new ones.
 */
export async function reactivateRecords(
  write: SyncedWrite,
  deactivation: Deactivation,
  rows: readonly RestoredRow[],
): Promise<readonly RestoredRow[]> {
  if (rows.length === 0) return [];
  const open = await withoutKept(write, rows);
  const lost: RestoredRow[] = [];
  if (open.length > 0) lost.push(...(await reactivate(write, deactivation, open)));
  const changed = rows.filter((row) => row.changed.length > 0 && !lost.includes(row));
  await updateRecords(
    write,
    changed.map((row) => ({ ...row, before: {} })),
  );
  return lost;
}

/** What this transaction was going to make inactive at its end simply stays. */
async function withoutKept(
  write: SyncedWrite,
  rows: readonly RestoredRow[],
): Promise<readonly RestoredRow[]> {
  const { unit, mapping } = write;
  const removals = new Map(unit.removals(mapping).map((step) => [step.key.toLowerCase(), step]));
  const isKept = (row: RestoredRow): boolean => removals.has(keyOf(row));
  const kept = rows.filter(isKept);
  for (const row of kept) {
    const removal = removals.get(keyOf(row));
    if (removal) unit.keep(removal);
  }
  await keepInStep(write, kept.map(keyOf));
  return rows.filter((row) => !isKept(row));
}

async function reactivate(
  write: SyncedWrite,
  deactivation: Deactivation,
  rows: readonly RestoredRow[],
  left = attempts,
): Promise<readonly RestoredRow[]> {
  const askedAt = await write.runtime.clock.now();
  const records = await everyRecord(write, rows.map(keyOf));
  const found = rows.flatMap((row): Found[] => {
    const record = records.get(keyOf(row));
    return record ? [{ ...row, record }] : [];
  });
  const inactive = found.filter(({ record }) => !isActive(deactivation, record.values));
  // CRM users have made the others active already.
  const active = found.filter((row) => !inactive.includes(row));
  await takeImages(write, active, { records: active.map(({ record }) => record), askedAt });
  try {
    await sendStates(write, deactivation, inactive);
  } catch (error) {
    const isOutdated = error instanceof LegacyConflictError && error.status === 412;
    if (!isOutdated || left <= 1) throw error;
    const again = rows.filter((row) => inactive.some(({ instance }) => instance === row.instance));
    await reactivate(write, deactivation, again, left - 1);
  }
  return rows.filter((row) => !records.has(keyOf(row)));
}

async function sendStates(
  write: SyncedWrite,
  deactivation: Deactivation,
  rows: readonly Found[],
): Promise<void> {
  if (rows.length === 0) return;
  const sent = activeState(deactivation);
  if (write.runtime.writes === 'changeset') {
    const changes = rows.map(({ instance, record }) => ({
      ...{ instance, changed: [], before: {}, image: record },
    }));
    return planChanges(write, changes, { sent: rows.map(() => sent), isRelative: false });
  }
  const savepoints = write.unit.openSavepoints();
  const steps = rows.map(({ instance, record }): UpdateStep => ({
    ...{ operation: 'update', intentId: newIntentId(), mapping: write.mapping, savepoints },
    ...{ id: idOf(instance), key: record.key, sent, before: stateIn(deactivation, record) },
    after: undefined,
    isOver: false,
  }));
  const askedAt = await write.runtime.clock.now();
  await send(
    write,
    steps.map((step, index) => ({ step, ifMatch: rows[index]?.record.version ?? undefined })),
  );
  await takeImages(write, rows, { records: steps.flatMap(({ after }) => after ?? []), askedAt });
}

/** Rows that the same call has changed are brought up to date when that is sent. */
async function takeImages(
  write: SyncedWrite,
  rows: readonly RestoredRow[],
  { records, askedAt }: { readonly records: readonly LegacyRecord[]; readonly askedAt: Date },
): Promise<void> {
  const plain = rows.filter(({ changed }) => changed.length === 0);
  const keys = new Set(plain.map(keyOf));
  const images = records.filter(({ key }) => keys.has(key.toLowerCase()));
  if (images.length === 0) return;
  const instances = plain.map(({ instance }) => instance);
  await takeAfterImages(write, instances, { records: images, askedAt });
}

function keyOf({ instance }: RestoredRow): string {
  return String(instance.legacyId).toLowerCase();
}

/** Rows whose records are gone, or that never had one, get new ones. */
export async function createSuccessor(write: SyncedWrite, instance: SyncedInstance): Promise<void> {
  takeStored(instance, { legacyId: randomUUID() });
  await storeLegacyIds(write, [{ id: idOf(instance), key: String(instance.legacyId) }]);
  await createRecords(write, [{ instance, wasNew: false }]);
}
