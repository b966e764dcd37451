import type { Transaction } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { RejectedRecordError, type RejectedRecord } from '../errors';
import { idText } from '../query/bound-of-options';
import { applyAnswer, type Answer } from '../refresh/apply';
import { writeScope } from '../refresh/scope';
import { linkDeferred } from '../refresh/parents';
import { isDataError } from '../refresh/rejected';
import { openSavepoint } from '../savepoint';
import { keysByMapping } from './pending/pending-writes';
import { isDestroy } from './pending/planned';
import type { SyncedInstance } from './save';
import { storedRows, takeStored, type StoredRow } from './stored-row';
import { idOf, type SyncedWrite } from './synced-write';
import { noteMixed } from './vouched';

/** What the service holds after a write. */
export interface AfterImages {
  readonly records: readonly LegacyRecord[];
  /** By the database's clock. */
  readonly askedAt: Date;
}

/**
 * Replace what a write assumed by what the service holds: all mapped columns of the rows and of the
 * instances, and the stamps. The number of statements does not grow with the rows.
 */
export async function takeAfterImages(
  write: SyncedWrite,
  instances: readonly SyncedInstance[],
  after: AfterImages,
): Promise<void> {
  const { mapping } = write;
  const rows = new Map<string, StoredRow>();
  const key = mapping.model.primaryKeyAttribute;
  const [rejected, ...others] = await store(write, after, (stored) => {
    for (const { values } of stored) rows.set(idText(values[key]), values);
  });
  if (rejected) throw new RejectedRecordError(mapping.name, [rejected, ...others]);
  const unread: SyncedInstance[] = [];
  for (const instance of instances) {
    const row = rows.get(idText(idOf(instance)));
    if (row) takeUnchanged(instance, row);
    else unread.push(instance);
  }
  await reloadInstances(write, unread);
}

type OnStored = Answer['onStored'];

/** Store what the service holds; gives the records that the table cannot take. */
async function store(
  write: SyncedWrite,
  after: AfterImages,
  onStored: OnStored,
): Promise<RejectedRecord[]> {
  if (after.records.length < 2) return storeIn(write.transaction, write, { ...after, onStored });
  const savepoint = await openSavepoint(write.transaction);
  try {
    return await storeIn(savepoint, write, { ...after, onStored });
  } catch (error) {
    await savepoint.rollback();
    if (!isDataError(error)) throw error;
    return storeOneByOne(write, after);
  }
}

/** Find out which of several records it is that the table cannot take. */
async function storeOneByOne(
  write: SyncedWrite,
  { records, askedAt }: AfterImages,
): Promise<RejectedRecord[]> {
  const rejected: RejectedRecord[] = [];
  for (const record of records) {
    const savepoint = await openSavepoint(write.transaction);
    const found = await storeIn(savepoint, write, { records: [record], askedAt });
    if (found.length > 0) await savepoint.rollback();
    rejected.push(...found);
  }
  return rejected;
}

async function storeIn(
  transaction: Transaction,
  { runtime, mapping, unit }: SyncedWrite,
  after: AfterImages & { readonly onStored?: OnStored },
): Promise<RejectedRecord[]> {
  // What the transaction has destroyed, and the service still has, does not come back as a parent.
  const written = new Set(after.records.map(({ key }) => key.toLowerCase()));
  const removed = unit.allPlanned.filter((one) => isDestroy(one) && !written.has(one.key));
  const pendingKeys = keysByMapping(runtime.writes === 'changeset' ? [] : removed);
  const scope = writeScope(runtime, transaction, {
    keys: () => new Set(),
    pendingKeys: () => pendingKeys,
  });
  const applied = await applyAnswer(scope, { mapping, ...after, isOwnWrite: true });
  const dangling = await linkDeferred(scope);
  return [...applied.rejected, ...dangling.flatMap(({ records }) => records)];
}

/** Read the rows of instances again; what the application has changed and not saved stays as it is. */
export async function reloadInstances(
  { transaction }: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<void> {
  const rows = await storedRows(instances, { transaction });
  for (const instance of instances) {
    takeUnchanged(instance, rows.get(idText(idOf(instance))) ?? {});
  }
}

/**
 * Have an instance hold its row, but for what the application has changed and not saved.
 *
 * @returns whether it holds all of the row.
 */
export function takeUnchanged(instance: SyncedInstance, row: StoredRow): boolean {
  const saved = Object.entries(row).filter(([attribute]) => !instance.changed(attribute as never));
  takeStored(instance, Object.fromEntries(saved));
  const isWhole = saved.length === Object.keys(row).length;
  noteMixed(instance, !isWhole);
  return isWhole;
}
