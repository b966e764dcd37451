import type { LegacyRecord } from '../../../legacy-client';
import { RejectedRecordError } from '../errors';
import { applyAnswer } from '../refresh/apply';
import { writeScope } from '../refresh/scope';
import { linkDeferred } from '../refresh/parents';
import type { SyncedInstance } from './save';
import { storedRow, takeStored } from './stored-row';
import type { SyncedWrite } from './synced-write';

/**
 * Replace what a write assumed by what the service holds: all mapped columns of the row and of the
 * instance, and the stamps.
 */
export async function takeAfterImage(
  write: SyncedWrite,
  instance: SyncedInstance,
  after: { readonly record: LegacyRecord; readonly askedAt: Date },
): Promise<void> {
  const { runtime, mapping, transaction } = write;
  const scope = writeScope(runtime, transaction);
  const applied = await applyAnswer(scope, {
    mapping,
    records: [after.record],
    askedAt: after.askedAt,
    isOwnWrite: true,
  });
  const dangling = await linkDeferred(scope);
  const [rejected] = [...applied.rejected, ...dangling.flatMap(({ records }) => records)];
  if (rejected) throw new RejectedRecordError(mapping.name, [rejected]);
  await reloadInstance(write, instance);
}

/** Read an instance's row again; what the application has changed and not saved stays as it is. */
export async function reloadInstance(
  { transaction }: SyncedWrite,
  instance: SyncedInstance,
): Promise<void> {
  const row = await storedRow(instance, { transaction });
  if (!row) return;
  const saved = Object.entries(row).filter(([attribute]) => !instance.changed(attribute as never));
  takeStored(instance, Object.fromEntries(saved));
}
