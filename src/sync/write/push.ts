import { randomUUID } from 'node:crypto';
import type { Transaction } from 'sequelize';
import type { AheadRow } from '../errors';
import type { Synced } from '../runtime';
import { createRecords, getsKey } from './create';
import { sameValue, valueIn } from './images';
import { outgoingValues } from './outgoing';
import type { SyncedInstance } from './save';
import { inSyncedWrite, type SyncedWrite } from './synced-write';
import { updateRecords } from './update';

/** Send the local changes of rows that are ahead, one by one, as if they had been saved now. */
export async function pushRows(
  synced: Synced,
  rows: readonly AheadRow[],
  transaction: Transaction | undefined,
): Promise<void> {
  for (const { id } of rows) {
    await inSyncedWrite(synced, { transaction: transaction ?? null }, (write) =>
      pushRow(write, id),
    );
  }
}

async function pushRow(write: SyncedWrite, id: unknown): Promise<void> {
  const { model } = write.mapping;
  const instance = (await model.unscoped().findOne({
    where: { [model.primaryKeyAttribute]: id },
    transaction: write.transaction,
    lock: write.transaction.LOCK.UPDATE,
    paranoid: false,
    skipLegacy: true,
  } as Parameters<typeof model.findOne>[0])) as SyncedInstance | null;
  if (!instance) return;
  if (instance.legacyId !== null) return pushChanges(write, instance);
  if (getsKey(write)) {
    instance.set('legacyId', randomUUID());
    await instance.save({ transaction: write.transaction, silent: true, skipLegacy: true });
  }
  await createRecords(write, [{ instance, wasNew: false }]);
}

async function pushChanges(write: SyncedWrite, instance: SyncedInstance): Promise<void> {
  const { runtime, mapping, place, unit } = write;
  const own = unit.planned(mapping, String(instance.legacyId).toLowerCase());
  // What is going to be sent of it is not there yet to be compared with.
  if (own && own.step.operation !== 'destroy') {
    const changed = mapping.attributes.filter(({ sent }) => sent);
    await updateRecords(write, [{ instance, changed, before: {} }]);
    return;
  }
  const current = await runtime.client.get(mapping.entity, String(instance.legacyId));
  const values = instance.get() as Record<string, unknown>;
  const attributes = mapping.attributes.filter(({ sent }) => sent);
  const wanted = await outgoingValues(runtime, place, {
    mapping,
    operation: 'update',
    attributes,
    values,
  });
  const changed = attributes.filter((mapped) => {
    const { name, kind } = mapped.property;
    return !sameValue(wanted[name] ?? null, valueIn(current, mapped), kind);
  });
  await updateRecords(write, [{ instance, changed, before: {} }]);
}
