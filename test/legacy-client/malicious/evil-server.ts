import {
  auth,
  createLegacyClient,
  type LegacyClient,
  type LegacyClientOptions,
} from '../../../legacy-client';
import { startServer, type Script, type ScriptedServer } from '../scripted-server';

/** The password that no evil server may get to see, but in the header of a request to itself. */
export const password = 'made-up-but-secret';

/** A server that means no good, and clients that are logged in to it. */
export interface EvilWorld {
  readonly server: ScriptedServer;
  connect(
    options: Partial<LegacyClientOptions> & Pick<LegacyClientOptions, 'dialect'>,
  ): LegacyClient;
  /** Another server, which must never be asked. */
  elsewhere(script?: Script): Promise<ScriptedServer>;
  close(): Promise<void>;
}

export async function openEvilWorld(script?: Script): Promise<EvilWorld> {
  const server = await startServer(script);
  const others: ScriptedServer[] = [];
  const clients: LegacyClient[] = [];
  return {
    server,
    connect: (options) => {
      const client = createLegacyClient({
        ...{ baseUrl: server.root, maxAttempts: 1, timeoutMs: 60_000 },
        auth: auth.basic({ username: 'ada', password }),
        ...options,
      });
      clients.push(client);
      return client;
    },
    elsewhere: async (other) => {
      const opened = await startServer(other);
      others.push(opened);
      return opened;
    },
    close: async () => {
      for (const client of clients) client.close();
      for (const opened of [server, ...others]) await opened.close();
    },
  };
}

/** What a call fails with; undefined where it does not. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
