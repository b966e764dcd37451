import { inSyncedWrite } from '../synced-write';
import { sendChanges } from './changes';
import { lockRows } from './locked-rows';
import { OwnStatement } from './own-statement';
import { hasCondition } from './row-query';
import { inWriteOptions, requireKnown, type BulkCall, type BulkOptions } from './update';

/** A static destroy. */
export interface BulkDestroy extends BulkCall<BulkOptions & { force?: boolean }> {
  /** Sequelize's own call, which stays local. */
  readonly run: (options: BulkOptions) => Promise<number>;
}

/**
 * Destroy rows here, and have their legacy records deleted as the last thing before COMMIT.
 */
export async function destroyBoth({ synced, model, options, run }: BulkDestroy): Promise<number> {
  const { where, limit, force } = options;
  // Sequelize says what is wrong with it.
  if (!hasCondition(model, where)) return run(options);
  return inSyncedWrite(synced, options, async (write) => {
    const query = { model, where, limit, paranoid: force !== true, isScoped: true };
    const rows = await lockRows(write, query, { images: false });
    const count = await new OwnStatement().run(() => run(inWriteOptions(write, options, rows)));
    requireKnown(write, rows, count);
    await sendChanges(write, rows);
    return count;
  });
}
