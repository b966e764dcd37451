import type { Sequelize } from 'sequelize';
import {
  createLegacyClient,
  type LegacyClient,
  type LegacyClientOptions,
} from '../../legacy-client';
import { connectLegacy, type DualWrite } from '../../src';
import { createTestDatabase, openSequelize } from '../support/database';
import { catalogueMigrators, type CatalogueOptions, entitySets } from './catalogue';
import { defineDomain } from './domain';
import { type ReferenceServer, startReferenceServer } from './server/start-server';
import type { Variation } from './server/variation';

/** A database, a server that is not ours, and the models kept in both. */
export interface ForeignWorld {
  readonly sequelize: Sequelize;
  readonly server: ReferenceServer;
  readonly client: LegacyClient;
  readonly dualWrite: DualWrite;
  close(): Promise<void>;
}

/** What a test may choose. */
export interface ForeignOptions extends CatalogueOptions {
  readonly variation?: Variation;
  readonly client?: Partial<LegacyClientOptions>;
}

/** Open a world; the caller closes it. */
export async function openForeignWorld(options: ForeignOptions): Promise<ForeignWorld> {
  const { version, variation } = options;
  const database = await createTestDatabase();
  const sequelize = openSequelize(database);
  const server = await startReferenceServer(version, entitySets(options), variation);
  defineDomain(sequelize);
  await sequelize.sync();
  const client = createLegacyClient({
    baseUrl: server.url,
    dialect: version === 2 ? 'odata2' : 'odata4',
    timeoutMs: 5000,
    ...options.client,
    capabilities: {
      dateTimeType: options.instants,
      guidType: options.textKeys === true ? 'Edm.String' : undefined,
      ...options.client?.capabilities,
    },
  });
  const migrators = catalogueMigrators(options);
  const dualWrite = await connectLegacy(sequelize, { client, migrators, recoverEveryMs: 0 });
  await dualWrite.prepare();
  return {
    sequelize,
    server,
    client,
    dualWrite,
    close: async () => {
      await dualWrite.close();
      client.close();
      await server.close();
      await sequelize.close();
      await database.drop();
    },
  };
}
