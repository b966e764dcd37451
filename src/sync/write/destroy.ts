import type { Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import type { Synced } from '../runtime';
import type { LegacyUnit } from './legacy-unit';
import { recordIfThere } from '../refresh/fetch';
import { refuseConflicts } from './conflict';
import { legacyIdOf } from './legacy-id';
import { planDestroys } from './pending/plan';
import type { SyncedInstance } from './save';
import { keepInStep, type Removal } from './states';
import { newIntentId, type DestroyStep } from './steps';
import { removalValues } from './removed-links';
import { storedRow } from './stored-row';
import { idOf, inSyncedWrite, type SyncedWrite } from './synced-write';

/** The options of `destroy` that the sync layer looks at. */
export interface DestroyOptions {
  transaction?: Transaction | null;
}

/**
 * Destroy a row here, and have its legacy record deleted, or made inactive, as the last thing before
 * COMMIT: a delete cannot be taken back, so everything that can fail comes first. To make a record
 * inactive can be taken back, but not what plug-ins and workflows have made of it.
 */
export async function destroyBoth(
  synced: Synced,
  instance: SyncedInstance,
  call: { readonly options: DestroyOptions; run(options: DestroyOptions): Promise<void> },
): Promise<void> {
  const key = await legacyIdOf(instance, transactionOf(call.options));
  await inSyncedWrite(synced, call.options, async (write) => {
    const { transaction, unit, mapping } = write;
    if (key !== null) await refuseChanged(write, instance, key);
    const removal = key === null ? undefined : await removalValue(write, instance, key);
    await call.run({ ...call.options, transaction });
    if (key !== null) await keepInStep(write, [key]);
    if (key === null || !removal) return;
    await planDestroys(write, [
      destroyStep(unit, { mapping, id: idOf(instance), key, ...removal }),
    ]);
  });
}

/** @throws SyncConflictError by the rule `reject`, when the record is not as the instance was loaded. */
async function refuseChanged(
  write: SyncedWrite,
  instance: SyncedInstance,
  key: string,
): Promise<void> {
  const { runtime, mapping, unit } = write;
  const isOwn = unit.planned(mapping, key.toLowerCase()) !== undefined;
  if (mapping.definition.conflict !== 'reject' || mapping.link || isOwn) return;
  const image = await recordIfThere(runtime, mapping, key);
  if (!image) return;
  const loaded = mapping.attributes.map(({ attribute }): [string, unknown] => [
    attribute,
    instance.previous(attribute as never),
  ]);
  const row = { instance, changed: [], before: Object.fromEntries(loaded) };
  await refuseConflicts(write, [{ row, image }]);
}

async function removalValue(
  write: SyncedWrite,
  instance: SyncedInstance,
  key: string,
): Promise<Removal | undefined> {
  const { transaction, mapping } = write;
  const { from, to } = mapping.link ?? {};
  // What the instance holds may have been changed, and not saved.
  const attributes = from && to && [from.attribute, to.attribute];
  const values = attributes && (await storedRow(instance, { transaction, attributes }));
  const [removal] = await removalValues(write, [{ key, values }]);
  return removal;
}

/** A record that is to be deleted; those of one `group` may be deleted at the same time. */
export function destroyStep(
  unit: LegacyUnit,
  record: Pick<DestroyStep, 'mapping' | 'id' | 'key' | 'sent' | 'version' | 'group'>,
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
