import { QueryTypes } from 'sequelize';
import { localTable } from '../local-table';
import { reloadInstance, takeAfterImage } from './after-image';
import { outgoingValues } from './outgoing';
import type { SyncedInstance } from './save';
import { send } from './send';
import { newIntentId, type CreateStep } from './steps';
import { idOf, type SyncedWrite } from './synced-write';

/** Create the legacy record of a row that has just been inserted, or has never had one. */
export async function createRecord(
  write: SyncedWrite,
  { instance, wasNew }: { readonly instance: SyncedInstance; readonly wasNew: boolean },
): Promise<void> {
  const { runtime, mapping, place } = write;
  // A row that is here already may have been loaded in part: all of it is sent.
  if (!wasNew) await reloadInstance(write, instance);
  const values = instance.get() as Record<string, unknown>;
  const given = mapping.attributes.filter(
    ({ attribute }) => values[attribute] !== null && values[attribute] !== undefined,
  );
  const sent = await outgoingValues(runtime, place, {
    mapping,
    operation: 'create',
    attributes: given,
    values,
  });
  const key = instance.legacyId ?? undefined;
  const step: CreateStep = {
    operation: 'create',
    intentId: newIntentId(),
    mapping,
    id: idOf(instance),
    sent,
    key: key ?? '',
    savepoints: write.unit.openSavepoints(),
    after: undefined,
    isOver: false,
  };
  const askedAt = await runtime.clock.now();
  let isRepeated = false;
  const onRepeat = (): void => {
    isRepeated = true;
  };
  const record = await send(write, step, () =>
    runtime.client.create(mapping.entity, sent, { key, onRepeat }),
  );
  // An earlier copy of the request may still arrive, and create the record once more.
  step.isOver = !isRepeated;
  step.key = record.key;
  if (record.key !== key) await keepKey(write, instance, record.key);
  await takeAfterImage(write, instance, { record, askedAt });
}

/** The service has chosen a key of its own. */
async function keepKey(
  { runtime, mapping, place }: SyncedWrite,
  instance: SyncedInstance,
  key: string,
): Promise<void> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  await place.sequelize.query(
    `UPDATE ${name} SET ${t.legacyId} = $1 WHERE ${t.primaryKey}::text = $2`,
    {
      bind: [key, String(idOf(instance))],
      type: QueryTypes.UPDATE,
      transaction: place.transaction,
    },
  );
}
