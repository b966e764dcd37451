import {
  createLegacyClient,
  type LegacyClient,
  type LegacyClientOptions,
} from '../../legacy-client';

/** Give what makes clients for the tests of a file; each is closed after the test that made it. */
export function closingClients(): (options: LegacyClientOptions) => LegacyClient {
  const clients: LegacyClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  return (options) => {
    const client = createLegacyClient(options);
    clients.push(client);
    return client;
  };
}
