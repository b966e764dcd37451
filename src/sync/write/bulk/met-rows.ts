import { SyncError } from '../../errors';
import { deletedAtOf } from '../../refresh/agreement';
import type { SyncedInstance } from '../save';
import { idOf, type SyncedWrite } from '../synced-write';
import { updateRecords } from '../update';
import { isDeleted } from './fresh-images';

/**
 * Send what an insert has set in rows that it met, and that were not there when they were looked for:
 * somebody else has inserted them in between. What they held before is not known here, so all that
 * was set is sent.
 *
 * @param rows - as they are now; they hold what both sides have afterwards.
 * @param fields - the attributes that the insert sets in rows that are there.
 * @throws SyncError when the legacy system has never had one of them, or the call has soft-deleted one.
 */
export async function sendMet(
  write: SyncedWrite,
  rows: readonly SyncedInstance[],
  fields: readonly string[],
): Promise<void> {
  const { mapping } = write;
  const deletedAt = deletedAtOf(mapping);
  const doomed = rows.find((row) => isDeleted(mapping, row));
  if (doomed && deletedAt !== undefined && fields.includes(deletedAt)) {
    throw new SyncError('Somebody else has just inserted this row, or deleted it. Try again.', {
      model: mapping.name,
      id: idOf(doomed),
    });
  }
  const alive = rows.filter((row) => !isDeleted(mapping, row));
  const local = alive.find(({ legacyId }) => legacyId === null);
  if (local) {
    throw new SyncError(
      'Somebody else has just inserted this row, and only here. Settle it (dual-write repair), ' +
        'then try again.',
      { model: mapping.name, id: idOf(local) },
    );
  }
  const changed = mapping.attributes.filter(({ attribute }) => fields.includes(attribute));
  await updateRecords(
    write,
    alive.map((instance) => ({ instance, changed, before: {} })),
  );
}
