import type { LegacyClient, LegacyEntity } from '../../legacy-client';
import type { DualWrite } from '../sync';
import { DatabaseClock } from '../sync/clock';
import { openPool } from '../sync/pool';
import { syncedModel, type Runtime } from '../sync/runtime';
import { SharedExchanges } from '../sync/shared-exchanges';

/** A runtime whose requests give way to those of people who wait. */
export interface BulkRuntime extends Runtime {
  close(): Promise<void>;
}

/** Of each worker: one holds its part's lock, one stores its page, one looks things up meanwhile. */
const connectionsEach = 3;

/**
 * Make a runtime for loads, beside that of the application: with connections of its own, and with
 * `priority: 'bulk'` on every request.
 *
 * @throws NotConnectedError when the connection has been closed.
 */
export function openBulkRuntime({ mappings }: DualWrite, workers: number): BulkRuntime {
  const [first] = mappings.values();
  if (!first) throw new Error('No model is mapped: there is nothing to load.');
  const { runtime } = syncedModel(first.name, first.model.sequelize);
  const pool = openPool(runtime.sequelize, workers * connectionsEach + 2);
  return {
    ...runtime,
    pool,
    client: inBulk(runtime.client),
    clock: new DatabaseClock(pool),
    // Not shared with those who wait: they would wait in the slower lane.
    exchanges: new SharedExchanges(),
    close: () => pool.close(),
  };
}

/** NOTE: a value that cannot be read is its record's trouble: a load must not end at it. */
function inBulk(client: LegacyClient): LegacyClient {
  const bulk = { priority: 'bulk' } as const;
  const tolerant = (entity: LegacyEntity): LegacyEntity => ({ ...entity, keepsUnreadable: true });
  const reads: Partial<LegacyClient> = {
    list: (entity, query, options) => client.list(tolerant(entity), query, { ...bulk, ...options }),
    pages: (entity, query, options) =>
      client.pages(tolerant(entity), query, { ...bulk, ...options }),
    linkedPages: (entity, query, options) =>
      client.linkedPages(tolerant(entity), query, { ...bulk, ...options }),
    get: (entity, key, options) => client.get(tolerant(entity), key, { ...bulk, ...options }),
    count: (entity, filter, options) => client.count(entity, filter, { ...bulk, ...options }),
  };
  return Object.assign(Object.create(client) as LegacyClient, reads);
}
