import { QueryTypes } from 'sequelize';
import { localTable } from '../local-table';
import type { SyncedWrite } from './synced-write';

/** Give rows their legacy keys, by one statement. */
export async function storeLegacyIds(
  { runtime, mapping, place }: Pick<SyncedWrite, 'runtime' | 'mapping' | 'place'>,
  rows: readonly { readonly id: unknown; readonly key: string }[],
): Promise<void> {
  const { name, columns: t, primaryKeyType } = await localTable(runtime.pool, mapping);
  await place.sequelize.query(
    `
UPDATE ${name} AS t SET ${t.legacyId} = i.key
  FROM jsonb_to_recordset($1::jsonb) AS i(id ${primaryKeyType}, key uuid)
 WHERE t.${t.primaryKey} = i.id`,
    {
      bind: [JSON.stringify(rows.map(({ id, key }) => ({ id: String(id), key })))],
      type: QueryTypes.UPDATE,
      transaction: place.transaction,
    },
  );
}
