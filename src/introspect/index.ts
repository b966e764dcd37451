export { driftOf, type Drift } from './drift';
export { planModels, UnknownEntityError } from './model-plan';
export type { IntrospectionPlan } from './plan';
export { sourcesOf, writeFiles } from './write-files';
