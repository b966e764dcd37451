export {
  backfill,
  planBackfill,
  type BackfillReport,
  type LoadedModel,
  type PlannedModel,
} from './backfill';
export type { LoadOptions } from './in-load';
export { LoadInterruptedError, type LoadProgress } from './coordinate';
export type { PartKey } from './load-state';
export type { ArrivedBatch, ArrivedRecords } from './arrivals';
export type { Finding } from './findings';
export type { DifferenceKind } from './second-look';
export {
  verify,
  type Difference,
  type VerifiedModel,
  type VerifyOptions,
  type VerifyReport,
} from './verify';
export { work, type Workers, type WorkOptions } from './work';
