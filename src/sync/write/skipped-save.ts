import { literal, type Model, type ModelStatic, type Transaction } from 'sequelize';
import { registeredModel } from '../../model/history';
import { localTable, quote } from '../local-table';
import { connectedModel } from '../runtime';
import type { SaveOptions, SyncedInstance } from './save';
import { storedRow } from './stored-row';
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
  const touched = fields.some((name) => changed.includes(name) && mapping.byAttribute.has(name));
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
    instance.set('modifiedAt', later, { raw: true });
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

/** What a skipped static update is called with, so that the rows are ahead afterwards. */
export function skippedUpdate(
  model: ModelStatic<Model>,
  values: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
): [Record<string, unknown>, Record<string, unknown>] {
  const synced = connectedModel(registeredModel(model).name, model.sequelize);
  if (!synced || options.silent) return [values, options];
  if (!Object.keys(values).some((name) => synced.mapping.byAttribute.has(name))) {
    return [values, { ...options, silent: true }];
  }
  const { field = 'legacyModifiedAt' } = model.getAttributes().legacyModifiedAt ?? {};
  const stamp = literal(
    `greatest(date_trunc('milliseconds', clock_timestamp()), ${quote(field)} + interval '1 millisecond')`,
  );
  const { fields } = options as { fields?: string[] };
  return [
    { ...values, modifiedAt: stamp },
    { ...options, silent: true, ...(fields && { fields: [...fields, 'modifiedAt'] }) },
  ];
}
