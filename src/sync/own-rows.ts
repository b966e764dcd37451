import { commitOrRollBack } from './commit-or-roll-back';
import { localTable, quote, type LocalTable } from './local-table';
import type { Runtime } from './runtime';

/**
 * SQL: a row is not as the legacy system has it, or the legacy system does not have it: a skipped
 * write has left local changes, or has made it.
 */
export function ownRowSql({ columns: t }: LocalTable): string {
  return (
    `(${t.legacyId} IS NULL OR ${t.legacyModifiedAt} IS NULL OR ` +
    `${t.modifiedAt} > ${t.legacyModifiedAt})`
  );
}

/**
 * Make an index of the few rows that are not as the legacy system has them: each count that is left to
 * it, and each read of a model that is followed, asks whether there are any. It goes with its columns
 * at the exit.
 */
export async function prepareOwnRows({ registry, pool, logger }: Runtime): Promise<void> {
  for (const mapping of registry.values()) {
    const { name: model } = mapping;
    try {
      const table = await localTable(pool, mapping);
      const index = quote(`dual_write_own_${model}`.toLowerCase().slice(0, 60));
      const turn = await pool.transaction({ transaction: null });
      await commitOrRollBack(turn, async () => {
        await pool.query("SET LOCAL lock_timeout = '2s'", { transaction: turn });
        await pool.query(
          `CREATE INDEX IF NOT EXISTS ${index} ON ${table.name} (${table.columns.legacyId})
            WHERE ${ownRowSql(table)}`,
          { transaction: turn },
        );
      });
    } catch (error) {
      // It is only for speed: the table may not be there yet, or be in use; the next start tries again.
      const reason = error instanceof Error ? error.message : String(error);
      logger?.warn({ model, reason }, 'The index of rows with local changes could not be made');
    }
  }
}
