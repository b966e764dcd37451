import type { Sequelize } from 'sequelize';
import { migrators } from '../../migrators';
import { connectLegacy, createLegacyClient, type DualWrite } from '../index';
import { namespace } from './database';

/** The CRM, joined to the application's models. */
export interface JoinedLegacy {
  readonly dualWrite: DualWrite;
  close(): Promise<void>;
}

/**
 * From now on the ordinary calls of the application's models reach the CRM too.
 *
 * @param url - service root of Dynamics 2011:
 * `https://crm.example/XRMServices/2011/OrganizationData.svc`.
 */
export async function joinLegacy(sequelize: Sequelize, url: string): Promise<JoinedLegacy> {
  const client = createLegacyClient({ baseUrl: url, dialect: 'dynamics2011' });
  const dualWrite = await connectLegacy(sequelize, { client, migrators, namespace });
  await dualWrite.prepare();
  return {
    dualWrite,
    close: async () => {
      await dualWrite.close();
      client.close();
    },
  };
}
