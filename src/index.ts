// What stays when the legacy system is gone.
export { TimestampedModel, type OwnAttributes, type Provided } from './model/timestamped-model';
export type {
  Changes,
  RevisionDetails,
  Version,
  VersionKind,
  WithTransaction,
} from './model/history';
export type { Namespace } from './model/context';
export { datePart, type DatePartComparison, type PartOfDate } from './model/date-part';
export {
  connectRevisions,
  findRevision,
  prepareRevisions,
  pruneVersions,
  recordInitialVersions,
  revision,
  RevisionError,
  type InitialVersionsOptions,
  type PrunedVersions,
  type Retention,
  type RevertOptions,
  type Revision,
} from './revisions';

// exit: remove from here
// What leaves with it.
export {
  defineMigrator,
  field,
  MappingError,
  type ConflictRule,
  type ConversionContext,
  type CustomField,
  type Field,
  type FollowOptions,
  type FieldOptions,
  type LocalValue,
  type Migrator,
  type MigratorDefinition,
} from './mapping';
export {
  connectLegacy,
  DualWriteError,
  InDoubtError,
  LegacyModel,
  NotConnectedError,
  NotInSyncError,
  RejectedRecordError,
  skipLegacy,
  SyncConflictError,
  SyncError,
  UnmappedFieldError,
  UnsupportedCallError,
  UntranslatableQueryError,
  withLegacy,
  type AheadRow,
  type ComparedField,
  type ConnectOptions,
  type DualWrite,
  type FieldConflict,
  type Freshness,
  type LegacyFate,
  type LegacyStatics,
  type Logger,
  type MaxAge,
  type ModelStatus,
  type OpenWrite,
  type RecoveryReport,
  type RejectedRecord,
  type RightSide,
  type Settlement,
  type SyncErrorDetails,
  type SyncLimits,
  type SyncStatus,
  type TwoSides,
} from './sync';
export { defineConfig, type ConnectedDualWrite, type DualWriteConfig } from './cli/config';
export {
  auth,
  createLegacyClient,
  LegacyBudgetError,
  LegacyCircuitOpenError,
  LegacyConflictError,
  LegacyError,
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyTokenExpiredError,
  LegacyUnavailableError,
  type LegacyClient,
  type LegacyClientOptions,
} from '../legacy-client';
// exit: remove to here
