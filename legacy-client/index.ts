export { createLegacyClient, type LegacyClientOptions } from './create-client';
export { auth } from './auth';
export type { AdfsFormsLogin } from './auth/adfs/adfs-forms';
export type { JarFileOptions } from './auth/adfs/jar-file';
export type { ClientCertificate, ClientCredentialsLogin } from './auth/client-credentials';
export type { NtlmLogin } from './auth/ntlm/ntlm';
export type {
  Authenticator,
  ConnectedLogin,
  ConnectionScheme,
  OutgoingHeaders,
  Wire,
} from './auth/authenticator';
export type { Lane } from './lane';
export type { AnswerSieve } from './streaming/read-stream';
export type { TransportAnswer, TransportRequest } from './transport';
export type { BatchOperation, BatchResult } from './batch/operation';
export type {
  CallOptions,
  ConditionalOptions,
  CreateOptions,
  LegacyChanges,
  LegacyClient,
  LinkedPage,
  LinkedPagesOptions,
  PlannedRequest,
} from './client';
export type {
  CreateChoices,
  DecodedPage,
  Dialect,
  DialectCapabilities,
  DialectName,
  DialectRequest,
  ErrorClass,
  RequestChoices,
  ServiceError,
  UpdateChoices,
} from './dialects/dialect';
export type {
  LegacyEntity,
  LegacyProperty,
  LegacyRecord,
  LegacyValue,
  LookupTarget,
  PropertyKind,
  RecordPresence,
  WireType,
} from './entity';
export type { AssociateOptions, LegacyLink, LinkedKeys } from './link';
export {
  LegacyAbortedError,
  type LegacyAnswer,
  LegacyBudgetError,
  LegacyCircuitOpenError,
  LegacyConflictError,
  LegacyError,
  type LegacyErrorDetails,
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  type LegacyOutcome,
  LegacyRequestError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyTokenExpiredError,
  LegacyUnavailableError,
} from './errors';
export type { ChangePage, ChangesOptions } from './changes';
export {
  readCsdl,
  type EntityMetadata,
  type LookupMetadata,
  type ManyToManyMetadata,
  type PropertyMetadata,
  type ServiceMetadata,
} from './metadata';
export { withAbsent } from './presence';
export type { Exchange } from './exchange';
export {
  exchangeMetrics,
  type CounterLike,
  type HistogramLike,
  type MetricsRegister,
  type PrometheusModule,
} from './observe/exchange-metrics';
export { exchangeLog } from './observe/exchange-log';
export { withSecretsRemoved, type Logger, type LogDetails } from './observe/logger';
export type { LegacyIdentity, WhoAmIOptions } from './who-am-i/identity';
export type { CircuitOptions } from './limits/circuit';
export type { Priority } from './limits/priority';
export type { BudgetOptions } from './limits/request-budget';
export type { ComparisonOperator, DatePart, LegacyFilter, LegacyOrder, LegacyQuery } from './query';
