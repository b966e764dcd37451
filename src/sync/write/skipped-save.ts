import { literal, type Model, type ModelStatic, type Transaction } from 'sequelize';
import { registeredModel } from '../../model/history';
import { quote } from '../local-table';
import { mappingOf } from '../runtime';
import type { SaveOptions, SyncedInstance } from './save';
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
  const mapping = mappingOf(model.name, model.sequelize);
  const changed = instance.changed();
  if (!mapping || changed === false) return run(options);
  const fields = options.fields ?? changed;
  const touched = fields.some((name) => changed.includes(name) && mapping.byAttribute.has(name));
  if (!touched) return run({ ...options, silent: options.silent ?? true });
  const legacyStamp = await legacyStampOf(instance, options.transaction);
  const now = Date.now();
  const later = legacyStamp && legacyStamp.getTime() >= now;
  if (!later) return run(options);
  instance.set('modifiedAt', new Date(legacyStamp.getTime() + 1), { raw: true });
  return run({ ...options, silent: true, fields: [...fields, 'modifiedAt'] });
}

/** Of an instance that was loaded without it, the stamp is read from the table. */
async function legacyStampOf(
  instance: SyncedInstance,
  transaction: Transaction | null | undefined,
): Promise<Date | null> {
  const values = instance.dataValues as Record<string, unknown>;
  if ('legacyModifiedAt' in values) return values.legacyModifiedAt as Date | null;
  const model = instance.constructor as ModelStatic<Model>;
  const row = (await model.unscoped().findOne({
    where: { [model.primaryKeyAttribute]: idOf(instance) },
    attributes: ['legacyModifiedAt'],
    raw: true,
    paranoid: false,
    transaction,
    skipLegacy: true,
  } as Parameters<typeof model.findOne>[0])) as { legacyModifiedAt: Date | null } | null;
  return row?.legacyModifiedAt ?? null;
}

/** What a skipped static update is called with, so that the rows are ahead afterwards. */
export function skippedUpdate(
  model: ModelStatic<Model>,
  values: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
): [Record<string, unknown>, Record<string, unknown>] {
  const mapping = mappingOf(registeredModel(model).name, model.sequelize);
  if (!mapping || options.silent) return [values, options];
  if (!Object.keys(values).some((name) => mapping.byAttribute.has(name))) {
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
