import { LegacyNotFoundError, type LegacyRecord } from '../../../legacy-client';
import { SyncError } from '../errors';
import { awaitOthers } from './others-writes';
import { recordsOf } from './records';
import type { SyncedInstance } from './save';
import { idOf, type SyncedWrite } from './synced-write';
import type { ChangedRow } from './update';

/**
 * The legacy records of changed rows, in their order; those that are not known are read.
 *
 * @throws SyncError when one is not there any more.
 */
export async function beforeImages(
  write: SyncedWrite,
  rows: readonly ChangedRow[],
): Promise<LegacyRecord[]> {
  const unread = rows.flatMap(({ image, instance }) => (image ? [] : instance));
  await awaitOthers(write, unread);
  const keys = unread.map(({ legacyId }) => String(legacyId));
  const records = await recordsOf(write, keys);
  const images: LegacyRecord[] = [];
  for (const { image, instance } of rows) {
    const found = image ?? records.get(String(instance.legacyId).toLowerCase());
    images.push(found ?? (await existingRecord(write, instance)));
  }
  return images;
}

async function existingRecord(
  { runtime, mapping }: SyncedWrite,
  instance: SyncedInstance,
): Promise<LegacyRecord> {
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
