import type { Sequelize, Transaction } from 'sequelize';
import type { LegacyClient, Logger } from '../../legacy-client';
import type { Mapping, Registry } from '../mapping';
import { NotConnectedError } from './errors';
import type { Feeds } from './feed/feeds';
import type { Freshness } from './options';
import type { DatabaseClock } from './clock';
import type { Turns } from './recovery/turns';
import type { Prepared } from './schema/prepared';
import type { SharedExchanges } from './shared-exchanges';
import type { EndedIntents } from './write/ended-intents';

/** Limits that `connectLegacy` takes. */
export interface SyncLimits {
  /** How many rows one read may remove because the legacy system no longer has them. */
  readonly maxRemovals: number;
  /** And how many of the rows that it found, as a share between 0 and 1; from 10 rows on. */
  readonly maxRemovalShare: number;
  /**
   * How long a request that was given up may still arrive, in milliseconds: above every time limit
   * of servers and proxies on the way.
   */
  readonly settleAfterMs: number;
}

/** When the legacy side of a transaction is written: see `connectLegacy({ writes })`. */
export type WriteMode = 'immediate' | 'changeset';

/** When a model was last refreshed, and how often. */
export interface ModelActivity {
  lastRefreshAt: Date | null;
  refreshes: number;
}

/** What the parts of the sync layer share: one for each connected Sequelize instance. */
export interface Runtime {
  /** The application's. */
  readonly sequelize: Sequelize;
  /**
   * The library's own, on the same database: refreshes must not wait for a connection that the
   * application's transactions hold.
   */
  readonly pool: Sequelize;
  readonly client: LegacyClient;
  readonly registry: Registry;
  readonly clock: DatabaseClock;
  readonly prepared: Prepared;
  readonly exchanges: SharedExchanges;
  /** Settling a unit of work takes two connections of the pool. */
  readonly settling: Turns;
  /** What remains noted of transactions that have committed. */
  readonly ended: EndedIntents;
  readonly limits: SyncLimits;
  /** With secrets removed; undefined for silence. */
  readonly logger: Required<Logger> | undefined;
  readonly activity: Map<string, ModelActivity>;
  /** What is known of models as a whole, and of earlier refreshes. */
  readonly feeds: Feeds;
  /** Of reads that do not say. */
  readonly freshness: Freshness;
  readonly writes: WriteMode;
}

const runtimes = new WeakMap<Sequelize, Runtime>();

/** Make a runtime known to the models of its Sequelize instance; the returned function ends that. */
export function registerRuntime(runtime: Runtime): () => void {
  if (runtimes.has(runtime.sequelize)) {
    throw new Error('This Sequelize instance is connected already. Close that connection first.');
  }
  runtimes.set(runtime.sequelize, runtime);
  return () => runtimes.delete(runtime.sequelize);
}

/** A model's mapping and the runtime that serves it. */
export interface Synced {
  readonly runtime: Runtime;
  readonly mapping: Mapping;
}

/**
 * Find what serves a model.
 *
 * @throws NotConnectedError when nothing does: a call must never be local by accident.
 */
export function syncedModel(name: string, sequelize: Sequelize | undefined): Synced {
  const runtime = sequelize && runtimes.get(sequelize);
  if (!runtime) {
    throw new NotConnectedError(
      'No legacy system is connected. Call connectLegacy(sequelize, …) first, or skipLegacy().',
      { model: name },
    );
  }
  const mapping = runtime.registry.get(name);
  if (!mapping) {
    throw new NotConnectedError(
      'No migrator maps this model. Pass one to connectLegacy, derive the model from ' +
        'TimestampedModel, or call it with skipLegacy().',
      { model: name },
    );
  }
  return { runtime, mapping };
}

/** What serves a model, if anything does. */
export function connectedModel(name: string, sequelize: Sequelize | undefined): Synced | undefined {
  const runtime = sequelize && runtimes.get(sequelize);
  const mapping = runtime?.registry.get(name);
  return runtime && mapping && { runtime, mapping };
}

/** Where a statement runs: in the caller's transaction, or on the library's own pool. */
export interface Place {
  readonly sequelize: Sequelize;
  readonly transaction: Transaction | null;
}
