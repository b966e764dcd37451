import type { LegacyRecord } from '../../../legacy-client';
import { RejectedRecordError } from '../errors';
import { idText } from '../query/bound-of-options';
import { applyAnswer } from '../refresh/apply';
import { writeScope } from '../refresh/scope';
import { linkDeferred } from '../refresh/parents';
import type { SyncedInstance } from './save';
import { storedRows, takeStored } from './stored-row';
import { idOf, type SyncedWrite } from './synced-write';

/** What the service holds after a write. */
export interface AfterImages {
  readonly records: readonly LegacyRecord[];
  /** By the database's clock. */
  readonly askedAt: Date;
}

/**
 * Replace what a write assumed by what the service holds: all mapped columns of the rows and of the
 * instances, and the stamps. The number of statements does not grow with the rows.
 */
export async function takeAfterImages(
  write: SyncedWrite,
  instances: readonly SyncedInstance[],
  after: AfterImages,
): Promise<void> {
  const { runtime, mapping, transaction } = write;
  const scope = writeScope(runtime, transaction);
  const applied = await applyAnswer(scope, { mapping, ...after, isOwnWrite: true });
  const dangling = await linkDeferred(scope);
  const [rejected, ...others] = [
    ...applied.rejected,
    ...dangling.flatMap(({ records }) => records),
  ];
  if (rejected) throw new RejectedRecordError(mapping.name, [rejected, ...others]);
  await reloadInstances(write, instances);
}

/** Read the rows of instances again; what the application has changed and not saved stays as it is. */
export async function reloadInstances(
  { transaction }: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<void> {
  const rows = await storedRows(instances, { transaction });
  for (const instance of instances) {
    const row = rows.get(idText(idOf(instance))) ?? {};
    const saved = Object.entries(row).filter(
      ([attribute]) => !instance.changed(attribute as never),
    );
    takeStored(instance, Object.fromEntries(saved));
  }
}
