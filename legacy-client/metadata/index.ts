export { readCsdl } from './read-csdl';
export type {
  EntityMetadata,
  LookupMetadata,
  ManyToManyMetadata,
  PropertyMetadata,
  ServiceMetadata,
} from './service-metadata';
