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

/** Read the mapped columns and the stamps of an instance's row. */
export async function reloadInstance(
  { mapping, transaction }: SyncedWrite,
  instance: SyncedInstance,
): Promise<void> {
  const own = ['legacyId', 'legacyModifiedAt', 'legacyVersion', 'createdAt', 'modifiedAt'];
  const attributes = [...own, ...mapping.attributes.map(({ attribute }) => attribute)];
  const row = await mapping.model.unscoped().findOne({
    where: { [mapping.model.primaryKeyAttribute]: idOf(instance) },
    attributes,
    raw: true,
    paranoid: false,
    transaction,
    skipLegacy: true,
  } as Parameters<typeof mapping.model.findOne>[0]);
  if (!row) return;
  instance.set(row as object, { raw: true });
  for (const attribute of attributes) instance.changed(attribute as never, false);
  const previous = instance as unknown as { _previousDataValues: Record<string, unknown> };
  Object.assign(previous._previousDataValues, row);
}
