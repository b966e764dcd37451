export { driftOf, type Drift } from './drift';
export { planModels, UnknownEntityError, type IntrospectionChoice } from './model-plan';
export type { AttributePlan, IntrospectionPlan, LeftOut, ModelPlan } from './plan';
export { sourcesOf, writeFiles, type WrittenFiles } from './write-files';
