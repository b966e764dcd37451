import { Sequelize } from 'sequelize';
import { useNamespace, type Namespace } from '../model/context';
import { historyOf } from '../model/history';
import { withSecretsRemoved, type LegacyClient, type Logger } from '../../legacy-client';
import { buildRegistry, type Migrator, type Registry } from '../mapping';
import { connectRevisions, prepareRevisions } from '../revisions';
import { recover, type RecoveryReport } from './recovery/recover';
import { startTimer } from './recovery/timer';
import { DatabaseClock } from './clock';
import { Feeds } from './feed/feeds';
import { checkedFreshness } from './feed/freshness';
import type { Freshness } from './options';
import { prepareOwnRows } from './own-rows';
import { openPool, poolSize } from './pool';
import { Turns } from './recovery/turns';
import { repair, type RightSide } from './repair/repair';
import { findOnBothSides, type TwoSides } from './repair/two-sides';
import {
  registerRuntime,
  syncedModel,
  type Runtime,
  type SyncLimits,
  type WriteMode,
} from './runtime';
import { Prepared } from './schema/prepared';
import { prepareSchema } from './schema/prepare';
import { SharedExchanges } from './shared-exchanges';
import { readStatus, type SyncStatus } from './status';
import { EndedIntents } from './write/ended-intents';

/** What {@link connectLegacy} needs. */
export interface ConnectOptions {
  readonly client: LegacyClient;
  /** One mapping for each synced model; the models are initialised already. */
  readonly migrators: readonly Migrator[];
  /**
   * The namespace that was given to `Sequelize.useCLS`, if the application has one. Without it the
   * library uses one of its own.
   */
  readonly namespace?: Namespace;
  /** pino, or anything called like it: `warn(details, message)`. No secret reaches it. */
  readonly logger?: Logger;
  readonly limits?: Partial<SyncLimits>;
  /** How fresh the answers of reads are that do not say; default `'exact'`. */
  readonly freshness?: Freshness;
  /**
   * When the writes of a transaction are sent. `'immediate'`, the default, sends each with its call,
   * deletes as the last thing before COMMIT. `'changeset'` sends all of them at COMMIT, as one atomic
   * changeset of a `$batch`: what is rolled back before that has caused no request. It needs a service
   * that has changesets: `dataverse`, and `odata2` or `odata4` where the server does.
   */
  readonly writes?: WriteMode;
  /** How often recovery runs by itself, in milliseconds; default 30,000, 0 for never. */
  readonly recoverEveryMs?: number;
}

/** A connection between a Sequelize instance and a legacy system. */
export interface DualWrite {
  /** The client that it was connected with. */
  readonly client: LegacyClient;
  /** The mappings, by model name, with all names resolved. */
  readonly mappings: Registry;
  /** Bring the library's own tables up to date. Idempotent; run it before the first call. */
  prepare(): Promise<void>;
  /**
   * Settle legacy writes whose transactions ended without doing so: after a crash, a lost
   * connection, a lost answer. Runs on a timer, too.
   */
  recover(): Promise<RecoveryReport>;
  /**
   * Look at one record on both sides, with what is open about it. Changes nothing.
   *
   * @param model - its name.
   * @param key - the local primary key, or else the legacy key.
   * @throws SyncError when neither side knows it; NotConnectedError when the model is not mapped.
   */
  inspect(model: string, key: string): Promise<TwoSides>;
  /**
   * Make both sides of a record equal, in the direction that is given, and settle its open writes
   * by that. A record that the right side does not have is deleted on the other.
   *
   * @param key - the local primary key, or else the legacy key.
   * @returns both sides afterwards.
   */
  repair(model: string, key: string, right: RightSide): Promise<TwoSides>;
  /** Count, for each model, what is in step and what is not; no legacy request. */
  status(): Promise<SyncStatus>;
  /** Ends the library's own connections; the application's Sequelize stays open. */
  close(): Promise<void>;
}

const defaultLimits: SyncLimits = {
  maxRemovals: 100,
  maxRemovalShare: 0.5,
  settleAfterMs: 600_000,
};

const defaultRecoverEveryMs = 30_000;

/**
 * Connect the models of a Sequelize instance with a legacy system. From now on their ordinary calls
 * reach both sides.
 *
 * @throws MappingError when a migrator cannot work.
 * @throws Error when `writes` is 'changeset', and the client's dialect has no changesets.
 * @throws Error when this Sequelize instance is connected already.
 */
export async function connectLegacy(
  sequelize: Sequelize,
  options: ConnectOptions,
): Promise<DualWrite> {
  if (!(sequelize instanceof Sequelize)) {
    throw new Error(
      'The application and sequelize-dual-write use two copies of sequelize. Have npm install one ' +
        '("npm ls sequelize" shows them).',
    );
  }
  if (sequelize.getDialect() !== 'postgres') {
    throw new Error(`sequelize-dual-write needs PostgreSQL, not ${sequelize.getDialect()}.`);
  }
  const registry = buildRegistry(options.migrators, options.client.dialect);
  const pool = openPool(sequelize);
  const logger = options.logger && withSecretsRemoved(options.logger);
  const parts: Omit<Runtime, 'feeds'> = {
    sequelize,
    pool,
    client: options.client,
    registry,
    clock: new DatabaseClock(pool),
    prepared: new Prepared(pool),
    exchanges: new SharedExchanges(),
    settling: new Turns(poolSize / 2),
    limits: { ...defaultLimits, ...options.limits },
    ended: new EndedIntents({ pool, logger }),
    logger,
    activity: new Map(
      [...registry.keys()].map((name) => [name, { lastRefreshAt: null, refreshes: 0 }]),
    ),
    freshness: checkedFreshness(options.freshness ?? 'exact', 'connectLegacy'),
    writes: checkedWrites(options),
  };
  const runtime: Runtime = { ...parts, feeds: new Feeds(parts) };
  const timer = startTimer(options.recoverEveryMs ?? defaultRecoverEveryMs, runtime);
  const releases = [registerRuntime(runtime), useNamespace(options.namespace)];
  if (!historyOf(sequelize)) releases.push(connectRevisions(sequelize));
  return Promise.resolve({
    client: options.client,
    mappings: registry,
    prepare: async () => {
      await prepareSchema(pool);
      await prepareRevisions(sequelize);
      await prepareOwnRows(runtime);
    },
    recover: () => recover(runtime),
    inspect: async (model, key) =>
      (await findOnBothSides(syncedModel(model, sequelize), key)).sides,
    repair: (model, key, right) => repair(syncedModel(model, sequelize), key, right),
    status: () => readStatus(runtime),
    close: async () => {
      await timer.stop();
      for (const release of releases.splice(0).reverse()) release();
      await runtime.feeds.close();
      await runtime.ended.flush();
      await pool.close();
    },
  });
}

function checkedWrites({ writes = 'immediate', client }: ConnectOptions): WriteMode {
  const known: readonly unknown[] = ['immediate', 'changeset'];
  if (!known.includes(writes)) {
    throw new Error(`connectLegacy: writes is 'immediate' or 'changeset', not '${writes}'.`);
  }
  if (writes === 'immediate' || client.dialect.batch) return writes;
  throw new Error(
    `connectLegacy: writes: 'changeset' needs a service with atomic $batch changesets, which ` +
      `${client.dialect.name} has not. Leave writes out, or say 'immediate'.`,
  );
}
