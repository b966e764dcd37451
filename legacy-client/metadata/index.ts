export { readCsdl } from './read-csdl';
export type {
  EntityMetadata,
  LookupMetadata,
  PropertyMetadata,
  ServiceMetadata,
} from './service-metadata';
