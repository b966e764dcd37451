import type { Sequelize } from 'sequelize';
import { connectRevisions, prepareRevisions } from '../../src/revisions';
import { createTestDatabase, openSequelize } from '../support/database';
import { initModels } from './models';

/** A database with the models' tables, whose changes are noted as versions. */
export interface Fleet {
  readonly sequelize: Sequelize;
  /** Remove all rows and all history. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Open one; the caller closes it. */
export async function openFleet(): Promise<Fleet> {
  const database = await createTestDatabase();
  const sequelize = openSequelize(database);
  initModels(sequelize);
  await sequelize.sync();
  await prepareRevisions(sequelize);
  connectRevisions(sequelize);
  return {
    sequelize,
    clear: async () => {
      await sequelize.query(
        'TRUNCATE ships, sailors, berths, record_versions, record_revisions CASCADE',
      );
    },
    close: async () => {
      await sequelize.close();
      await database.drop();
    },
  };
}
