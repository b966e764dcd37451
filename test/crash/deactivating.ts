import { defineMigrator, type Migrator } from '../../src';

/** The mapping, where it is that of organisations, with records that are made inactive. */
export function deactivating({ model, definition }: Migrator): Migrator {
  const onDestroy = model.name === 'Organisation' ? 'deactivate' : definition.onDestroy;
  return defineMigrator(model, { ...definition, onDestroy });
}
