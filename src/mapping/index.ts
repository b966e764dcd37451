export { field, type CustomField, type Field, type FieldOptions, type LocalValue } from './field';
export type { Deactivation } from './deactivation';
export { MappingError } from './errors';
export {
  defineMigrator,
  type ConflictRule,
  type ConversionContext,
  type DeactivationDefinition,
  type FollowOptions,
  type LinkDefinition,
  type Migrator,
  type MigratorDefinition,
} from './migrator';
export {
  buildRegistry,
  everyRecordOf,
  type MappedAttribute,
  type MappedLink,
  type Mapping,
  type Registry,
} from './registry';
