export { field, type CustomField, type Field, type FieldOptions, type LocalValue } from './field';
export { MappingError } from './errors';
export {
  defineMigrator,
  type ConflictRule,
  type ConversionContext,
  type FollowOptions,
  type LinkDefinition,
  type Migrator,
  type MigratorDefinition,
} from './migrator';
export {
  buildRegistry,
  type MappedAttribute,
  type MappedLink,
  type Mapping,
  type Registry,
} from './registry';
