import { localTable } from '../../local-table';
import type { SyncedInstance } from '../save';
import { idOf, type SyncedWrite } from '../synced-write';

/** Give a row back the stamp that it had: nothing was changed that the legacy system lacks. */
export async function restamp(
  { runtime, mapping, place }: SyncedWrite,
  before: SyncedInstance,
): Promise<void> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  await place.sequelize.query(
    `UPDATE ${name} SET ${t.modifiedAt} = $1 WHERE ${t.primaryKey} = $2`,
    { bind: [before.get('modifiedAt'), idOf(before)], transaction: place.transaction },
  );
}
