import { Sequelize } from 'sequelize';
import { migrators } from '../../../migrators';
import { defineModels } from '../../../models';
import { connectLegacy, createLegacyClient } from '../../../src';
import { defineConfig } from '../../../src/cli/config';

/** The example application's two stores, where the environment says. */
export const config = defineConfig(async () => {
  const { TEST_APPLICATION_URL = '', TEST_CRM_URL = '' } = process.env;
  const sequelize = new Sequelize(TEST_APPLICATION_URL, { logging: false });
  defineModels(sequelize);
  const client = createLegacyClient({ baseUrl: TEST_CRM_URL, dialect: 'dynamics2011' });
  const dualWrite = await connectLegacy(sequelize, { client, migrators });
  return {
    dualWrite,
    sequelize,
    close: async () => {
      await dualWrite.close();
      client.close();
      await sequelize.close();
    },
  };
});
