export { driftOf, type Drift } from './drift';
export {
  planModels,
  UnknownEntityError,
  type AttributePlan,
  type IntrospectionChoice,
  type IntrospectionPlan,
  type LeftOut,
  type ModelPlan,
} from './model-plan';
export { sourcesOf, writeFiles, type WrittenFiles } from './write-files';
