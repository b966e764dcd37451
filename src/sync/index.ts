export { connectLegacy, type ConnectOptions, type DualWrite } from './connect';
export * from './errors';
export { LegacyModel } from './legacy-model';
export type { Freshness } from './options';
export type { Logger, SyncLimits } from './runtime';
export { skipLegacy } from './skip';
export { withLegacy, type LegacyStatics } from './with-legacy';
export type { ModelStatus, SyncStatus } from './status';
