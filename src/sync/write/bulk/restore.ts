import { Op, type WhereOptions } from 'sequelize';
import { deletedAtOf } from '../../refresh/agreement';
import { inSyncedWrite } from '../synced-write';
import { sendChanges } from './changes';
import { lockCurrentRows } from './locked-rows';
import { OwnStatement } from './own-statement';
import { inWriteOptions, requireKnown, type BulkCall, type BulkOptions } from './update';

/** A static restore. */
export interface BulkRestore extends BulkCall {
  /** Sequelize's own call, which stays local. */
  readonly run: (options: BulkOptions) => Promise<unknown>;
}

/**
 * Restore soft-deleted rows. Their legacy records are gone: they get successors under new keys. The
 * legacy system knows nothing of these rows, so nothing is read from it.
 */
export async function restoreBoth({ synced, options, run }: BulkRestore): Promise<unknown> {
  const deletedAt = deletedAtOf(synced.mapping);
  if (deletedAt === undefined) return run(options);
  return inSyncedWrite(synced, options, async (write) => {
    const isDeleted = { [deletedAt]: { [Op.ne]: null } };
    const where: WhereOptions = { [Op.and]: [options.where ?? {}, isDeleted] };
    const rows = { before: await lockCurrentRows(write, where), images: new Map() };
    const count = await new OwnStatement().run(() => run(inWriteOptions(write, options, rows)));
    requireKnown(write, rows, count);
    await sendChanges(write, rows);
    return count;
  });
}
