import type { LegacyRecord } from '../../../legacy-client';
import { RejectedRecordError } from '../errors';
import { applyAnswer } from '../refresh/apply';
import { writeScope } from '../refresh/scope';
import { linkDeferred } from '../refresh/parents';
import type { SyncedInstance } from './save';
import { idOf, type SyncedWrite } from './synced-write';

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
  { mapping, transaction }: SyncedWrite,
  instance: SyncedInstance,
): Promise<void> {
  const row = (await mapping.model.unscoped().findOne({
    where: { [mapping.model.primaryKeyAttribute]: idOf(instance) },
    raw: true,
    paranoid: false,
    transaction,
    skipLegacy: true,
  } as Parameters<typeof mapping.model.findOne>[0])) as Record<string, unknown> | null;
  if (!row) return;
  const saved = Object.entries(row).filter(([attribute]) => !instance.changed(attribute as never));
  const values = Object.fromEntries(saved);
  instance.set(values, { raw: true });
  const previous = instance as unknown as { _previousDataValues: Record<string, unknown> };
  Object.assign(previous._previousDataValues, values);
}
