import pg from 'pg';
import { Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { migrators } from '../../migrators';
import { defineModels, type Models } from '../../models';
import { connectLegacy, type DualWrite } from '../../src';
import { dataverseMigrators } from '../support/dataverse-migrators';
import { following } from '../support/following';
import { applicationName, type Connection } from './orders';
import { modelNames } from './state';

/** Models that are kept on both sides, and what is connected with them. */
export interface Application {
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly dualWrite: DualWrite;
  close(): Promise<void>;
}

/** Connect the example's models with both servers. */
export async function connectModels(connection: Connection): Promise<Application> {
  const { databaseUrl, legacyUrl, face, timeoutMs, recoverEveryMs } = connection;
  const { isFollowing, isWaiting } = connection;
  const dialectOptions = { application_name: applicationName };
  const sequelize = new Sequelize(databaseUrl, {
    logging: false,
    dialectOptions,
    // Otherwise Sequelize looks for it in node_modules, which one file has not.
    dialectModule: pg,
  });
  const models = defineModels(sequelize);
  const client = createLegacyClient({ baseUrl: legacyUrl, dialect: face, timeoutMs });
  const own = face === 'dataverse' ? dataverseMigrators : migrators;
  const dualWrite = await connectLegacy(sequelize, {
    client,
    migrators: isFollowing ? following(modelNames)(own) : own,
    recoverEveryMs,
    writes: isWaiting ? 'changeset' : 'immediate',
    // A handful of records is soon half of a table.
    limits: { maxRemovalShare: 1 },
  });
  return {
    sequelize,
    models,
    dualWrite,
    close: async () => {
      await dualWrite.close();
      client.close();
      await sequelize.close();
    },
  };
}
