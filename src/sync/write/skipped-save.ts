import type { Model, ModelStatic, Transaction } from 'sequelize';
import { registeredModel } from '../../model/history';
import { localTable } from '../local-table';
import { deletedAtOf } from '../refresh/agreement';
import { connectedModel } from '../runtime';
import type { SaveOptions, SyncedInstance } from './save';
import { storedRow, takeStored } from './stored-row';
import { idOf } from './synced-write';

/**
 * Save locally only. A changed mapped column leaves the row ahead of the legacy system: its
 * `modifiedAt` must then be later than `legacyModifiedAt`, whatever the two clocks say.
 */
export async function saveSkipped<T>(
  instance: SyncedInstance,
  options: SaveOptions,
  run: (options: SaveOptions) => Promise<T>,
): Promise<T> {
  if (instance.isNewRecord) return run(options);
  const model = registeredModel(instance.constructor as ModelStatic<Model>);
  const synced = connectedModel(model.name, model.sequelize);
  const changed = instance.changed();
  if (!synced || changed === false) return run(options);
  const { runtime, mapping } = synced;
  const fields = options.fields ?? changed;
  const deletedAt = deletedAtOf(mapping);
  // A restored row has no record any more, which a read would take for a deletion.
  const matters = (name: string): boolean =>
    mapping.byAttribute.has(name) || (name === deletedAt && !instance.get(name));
  const touched = fields.some((name) => changed.includes(name) && matters(name));
  if (!touched) return run({ ...options, silent: options.silent ?? true });
  const legacyStamp = await legacyStampOf(instance, options.transaction);
  const saved = await run(options);
  const stamp = instance.get('modifiedAt') as Date;
  if (legacyStamp && legacyStamp >= stamp) {
    const later = new Date(legacyStamp.getTime() + 1);
    // NOTE: Sequelize takes an update of its own stamp alone for no update at all.
    const { name, columns: t } = await localTable(runtime.pool, mapping);
    await runtime.sequelize.query(
      `UPDATE ${name} SET ${t.modifiedAt} = $1 WHERE ${t.primaryKey} = $2`,
      { bind: [later, idOf(instance)], transaction: options.transaction },
    );
    takeStored(instance, { modifiedAt: later });
  }
  return saved;
}

/** Of an instance that was loaded without it, the stamp is read from the table. */
async function legacyStampOf(
  instance: SyncedInstance,
  transaction: Transaction | null | undefined,
): Promise<Date | null> {
  const values = instance.dataValues as Record<string, unknown>;
  if ('legacyModifiedAt' in values) return values.legacyModifiedAt as Date | null;
  const row = await storedRow(instance, { transaction, attributes: ['legacyModifiedAt'] });
  return (row?.legacyModifiedAt as Date | null | undefined) ?? null;
}
