import { UnitOfWork } from '../../model/unit-of-work';
import { awaitSettled } from './intents';
import type { SyncedInstance } from './save';
import { idOf, type SyncedWrite } from './synced-write';

/**
 * Wait until nobody else's write on the records of locked rows is open, before the records are read:
 * what is being taken back would otherwise be read as if it stood. The rows' locks were passed on when
 * the other transaction was rolled back, and its legacy writes are undone after that; nobody can begin
 * another while the locks are held.
 *
 * Where there are ETags, a write on what was read meets the condition instead.
 *
 * @throws InDoubtError when one stays open.
 */
export async function awaitOthers(
  { runtime, mapping, transaction }: SyncedWrite,
  rows: readonly SyncedInstance[],
): Promise<void> {
  if (runtime.client.dialect.etags || mapping.link) return;
  const records = rows
    .filter(({ legacyId }) => legacyId !== null)
    .map((row) => ({
      ...{ operation: 'update' as const, mapping, id: idOf(row), key: String(row.legacyId) },
      sent: {},
    }));
  await awaitSettled(runtime, records, UnitOfWork.of(transaction).id);
}
