import type { Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import type { Synced } from '../runtime';
import type { LegacyUnit } from './legacy-unit';
import { legacyIdOf } from './legacy-id';
import type { SyncedInstance } from './save';
import { newIntentId, type DestroyStep } from './steps';
import { idOf, inSyncedWrite } from './synced-write';

/** The options of `destroy` that the sync layer looks at. */
export interface DestroyOptions {
  transaction?: Transaction | null;
}

/**
 * Destroy a row here, and have its legacy record deleted as the last thing before COMMIT: a delete
 * cannot be taken back, so everything that can fail comes first.
 */
export async function destroyBoth(
  synced: Synced,
  instance: SyncedInstance,
  call: { readonly options: DestroyOptions; run(options: DestroyOptions): Promise<void> },
): Promise<void> {
  const key = await legacyIdOf(instance, transactionOf(call.options));
  await inSyncedWrite(synced, call.options, async ({ transaction, unit, mapping }) => {
    await call.run({ ...call.options, transaction });
    if (key === null) return;
    await unit.add([destroyStep(unit, { mapping, id: idOf(instance), key })]);
  });
}

/** A record that is to be deleted; those of one `group` may be deleted at the same time. */
export function destroyStep(
  unit: LegacyUnit,
  record: Pick<DestroyStep, 'mapping' | 'id' | 'key' | 'group'>,
): DestroyStep {
  return {
    ...record,
    operation: 'destroy',
    intentId: newIntentId(),
    savepoints: unit.openSavepoints(),
    isDelivered: false,
    isOver: false,
  };
}
