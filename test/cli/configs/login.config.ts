import { Sequelize } from 'sequelize';
import { migrators } from '../../../migrators';
import { defineModels } from '../../../models';
import { auth, connectLegacy, createLegacyClient, type LegacyClientOptions } from '../../../src';
import { defineConfig } from '../../../src/cli/config';

const { TEST_APPLICATION_URL = '', TEST_CRM_URL = '', TEST_CRM_LOGIN = 'none' } = process.env;
const { TEST_CRM_USER: username = '', TEST_CRM_PASSWORD: password = '' } = process.env;

function login(): NonNullable<LegacyClientOptions['auth']> | undefined {
  const { origin } = new URL(TEST_CRM_URL);
  switch (TEST_CRM_LOGIN) {
    case 'basic':
      return auth.basic({ username, password });
    case 'ntlm':
      return auth.ntlm({ username, password });
    case 'adfs':
      return auth.adfsForms({ username, password, adfsUrl: `${origin}/adfs/ls/` });
    case 'bearer':
      return auth.bearer({ token: () => tokenFrom(origin) });
    default:
      return undefined;
  }
}

async function tokenFrom(origin: string): Promise<string> {
  const body = new URLSearchParams({
    ...{ grant_type: 'client_credentials', scope: 'crm/.default' },
    ...{ client_id: username, client_secret: password },
  });
  const answer = await fetch(`${origin}/example/oauth2/v2.0/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** The example application before a CRM that wants to be logged in to. */
export const config = defineConfig(async () => {
  const sequelize = new Sequelize(TEST_APPLICATION_URL, { logging: false });
  defineModels(sequelize);
  const scheme = login();
  const client = createLegacyClient({
    ...{ baseUrl: TEST_CRM_URL, dialect: 'dynamics2011', maxAttempts: 1 },
    ...(scheme === undefined ? {} : { auth: scheme }),
  });
  const dualWrite = await connectLegacy(sequelize, { client, migrators, recoverEveryMs: 0 });
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
