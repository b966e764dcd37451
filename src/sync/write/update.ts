import { LegacyNotFoundError, type LegacyRecord } from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';
import { SyncError } from '../errors';
import { takeAfterImage } from './after-image';
import { refuseConflicts } from './conflict';
import { valuesOf } from './images';
import { outgoingValues } from './outgoing';
import type { SyncedInstance } from './save';
import { send } from './send';
import { newIntentId, type UpdateStep } from './steps';
import { idOf, type SyncedWrite } from './synced-write';

/** What a save has changed. */
export interface ChangedInstance {
  readonly instance: SyncedInstance;
  readonly changed: readonly MappedAttribute[];
  /** The values before the save, by attribute, as far as they had been loaded. */
  readonly before: Readonly<Record<string, unknown>>;
}

/** Send the changed fields of a row to its legacy record. */
export async function updateRecord(write: SyncedWrite, change: ChangedInstance): Promise<void> {
  const { runtime, mapping, place } = write;
  const { instance, changed } = change;
  const sent = await outgoingValues(runtime, place, {
    mapping,
    operation: 'update',
    attributes: changed,
    values: instance.get() as Record<string, unknown>,
  });
  const key = String(instance.legacyId);
  const readAt = await runtime.clock.now();
  const before = await beforeImage(write, instance);
  if (Object.keys(sent).length === 0) {
    // Only fields that are never sent: the legacy system's values stand.
    return takeAfterImage(write, instance, { record: before, askedAt: readAt });
  }
  await refuseConflicts(write, change, before);
  const step: UpdateStep = {
    operation: 'update',
    intentId: newIntentId(),
    mapping,
    id: idOf(instance),
    key,
    savepoints: write.unit.openSavepoints(),
    sent,
    before: valuesOf(before, Object.keys(sent)),
    after: undefined,
    isOver: false,
  };
  const askedAt = await runtime.clock.now();
  const ifMatch = before.version ?? undefined;
  const record = await send(write, step, () =>
    runtime.client.update(mapping.entity, key, sent, { ifMatch }),
  );
  await takeAfterImage(write, instance, { record, askedAt });
}

async function beforeImage(write: SyncedWrite, instance: SyncedInstance): Promise<LegacyRecord> {
  const { runtime, mapping } = write;
  try {
    return await runtime.client.get(mapping.entity, String(instance.legacyId));
  } catch (error) {
    if (!(error instanceof LegacyNotFoundError)) throw error;
    throw new SyncError(
      'The legacy system no longer has this record: it was deleted there. Reload before saving.',
      { model: mapping.name, id: idOf(instance), legacyId: instance.legacyId, cause: error },
    );
  }
}
