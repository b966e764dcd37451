import { createNamespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { defineModels, type Models } from '../../models';
import { connectRevisions, prepareRevisions } from '../index';

/** Where Sequelize keeps the transaction of the code that is running. */
export const namespace = createNamespace('example-application');

// Without it each call inside a transaction would have to be handed that transaction.
Sequelize.useCLS(namespace);

/** The application's database, open. */
export interface ApplicationDatabase {
  readonly sequelize: Sequelize;
  readonly models: Models;
  close(): Promise<void>;
}

/**
 * Open the application's database, with its tables and the record of who changed what.
 *
 * @param url - `postgres://user:password@127.0.0.1:5432/application`
 */
export async function openDatabase(url: string): Promise<ApplicationDatabase> {
  const sequelize = new Sequelize(url, { logging: false });
  const models = defineModels(sequelize);
  const disconnectRevisions = connectRevisions(sequelize);
  await sequelize.sync();
  await prepareRevisions(sequelize);
  return {
    sequelize,
    models,
    close: async () => {
      disconnectRevisions();
      await sequelize.close();
    },
  };
}
