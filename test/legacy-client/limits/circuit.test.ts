import {
  type LegacyClient,
  type LegacyClientOptions,
  LegacyBudgetError,
  LegacyCircuitOpenError,
  LegacyForbiddenError,
  LegacyUnavailableError,
} from '../../../legacy-client';
import { account, guid } from '../entities';
import { json, type ScriptedServer, startServer } from '../scripted-server';
import { closingClients } from '../closing-clients';

let server: ScriptedServer;
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({
    baseUrl: server.root,
    dialect: 'dynamics2011',
    maxAttempts: 1,
    circuit: { failures: 3, openMs: 150 },
    ...options,
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('after failures in a row nothing is sent for a while, then one request tries', async () => {
  server.script = (_request, response) => {
    response.destroy();
  };
  const client = connect();
  for (let call = 0; call < 3; call += 1) {
    await expect(client.list(account)).rejects.toThrow(LegacyUnavailableError);
  }
  const refused = client.list(account);
  await expect(refused).rejects.toThrow(LegacyCircuitOpenError);
  await expect(refused).rejects.toMatchObject({ outcome: 'refused' });
  expect(server.received).toHaveLength(3);
  server.script = (_request, response) => {
    json(response, { d: { results: [] } });
  };
  await pause(200);
  await Promise.all([client.list(account), client.list(account)]);
  expect(server.received).toHaveLength(5);
});

test('while it tries and fails, the others fail at once', async () => {
  server.script = (_request, response) => {
    response.destroy();
  };
  const client = connect();
  for (let call = 0; call < 3; call += 1) await client.list(account).catch(() => undefined);
  await pause(200);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => client.list(account)));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(server.received).toHaveLength(4);
});

test('refusals of the service show that it is there', async () => {
  server.script = (_request, response) => {
    json(response, { error: { code: '', message: { value: 'no' } } }, { status: 403 });
  };
  const client = connect();
  for (let call = 0; call < 6; call += 1) {
    await expect(client.get(account, guid(1))).rejects.toThrow(LegacyForbiddenError);
  }
  expect(server.received).toHaveLength(6);
});

test('a spent budget fails before anything is sent, and says for how long', async () => {
  server.script = (_request, response) => {
    json(response, { d: { results: [] } });
  };
  const client = connect({ budget: { perDay: 1 }, maxAttempts: 4 });
  await client.list(account);
  const refused = client.list(account);
  await expect(refused).rejects.toThrow(LegacyBudgetError);
  await expect(refused).rejects.toMatchObject({ outcome: 'refused' });
  await expect(refused).rejects.toThrow(/room again in \d+ s/);
  expect(server.received).toHaveLength(1);
});

test.each([
  { budget: { perMinute: 0 } },
  { budget: { reserve: 1 } },
  { circuit: { failures: -1 } },
  { circuit: { openMs: Number.NaN } },
])('options that cannot be are refused: %p', (options) => {
  expect(() => connect(options)).toThrow(RangeError);
});
