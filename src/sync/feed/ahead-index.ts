import { commitOrRollBack } from '../commit-or-roll-back';
import { localTable, quote } from '../local-table';
import type { Runtime } from '../runtime';
import { followingOf } from './following';

/**
 * Make an index of the few rows that are ahead, for models that are followed: each read of them asks
 * whether there are any. It goes with its columns at the exit.
 */
export async function prepareFollowed({ registry, pool, logger }: Runtime): Promise<void> {
  for (const mapping of registry.values()) {
    if (!followingOf(mapping)) continue;
    const { name: model } = mapping;
    try {
      const { name, columns: t } = await localTable(pool, mapping);
      const index = quote(`dual_write_ahead_${model}`.toLowerCase().slice(0, 60));
      const turn = await pool.transaction({ transaction: null });
      await commitOrRollBack(turn, async () => {
        await pool.query("SET LOCAL lock_timeout = '2s'", { transaction: turn });
        await pool.query(
          `CREATE INDEX IF NOT EXISTS ${index} ON ${name} (${t.legacyId})
            WHERE ${t.modifiedAt} > ${t.legacyModifiedAt}`,
          { transaction: turn },
        );
      });
    } catch (error) {
      // It is only for speed: the table may not be there yet, or be in use; the next start tries again.
      const reason = error instanceof Error ? error.message : String(error);
      logger?.warn({ model, reason }, 'The index of rows that are ahead could not be made');
    }
  }
}
