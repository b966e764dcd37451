import type { Model, ModelStatic } from 'sequelize';
import { registeredModel } from '../../model/history';
import { mappingOf } from '../runtime';
import type { SaveOptions, SyncedInstance } from './save';

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
  const legacyStamp = instance.get('legacyModifiedAt') as Date | null | undefined;
  const now = Date.now();
  const later = legacyStamp && legacyStamp.getTime() >= now;
  if (!later) return run(options);
  instance.set('modifiedAt', new Date(legacyStamp.getTime() + 1), { raw: true });
  return run({ ...options, silent: true, fields: [...fields, 'modifiedAt'] });
}
