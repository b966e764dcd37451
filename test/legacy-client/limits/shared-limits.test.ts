import { setTimeout as wait } from 'node:timers/promises';
import {
  auth,
  createLegacyClient,
  LegacyBudgetError,
  LegacyCircuitOpenError,
  type LegacyClient,
  type LegacyClientOptions,
} from '../../../legacy-client';
import { product } from '../entities';
import { json, startServer, type ScriptedServer } from '../scripted-server';

let server: ScriptedServer;
const clients: LegacyClient[] = [];

beforeEach(async () => {
  server = await startServer((_request, response) => json(response, { value: [] }));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  const client = createLegacyClient({ baseUrl: server.root, dialect: 'odata4', ...options });
  clients.push(client);
  return client;
}

const user = (username: string): Pick<LegacyClientOptions, 'auth'> => ({
  auth: auth.basic({ username, password: 'made-up' }),
});

/** Runs a list, and tells how long it took. */
async function timed(client: LegacyClient): Promise<number> {
  const began = performance.now();
  await client.list(product);
  return performance.now() - began;
}

describe('clients of one service and user in a process', () => {
  const throttleOnce = (seconds: number): void => {
    server.script = (_request, response, number) => {
      if (number > 1) json(response, { value: [] });
      else response.writeHead(429, { 'Retry-After': String(seconds) }).end();
    };
  };

  it('obey Retry-After together, and one that is opened meanwhile', async () => {
    throttleOnce(1);
    const throttled = timed(connect(user('ada')));
    await wait(100);
    const [first, ...others] = await Promise.all([
      throttled,
      timed(connect(user('Ada'))),
      timed(connect({ ...user('ada'), baseUrl: `${server.root}/` })),
    ]);
    expect(first).toBeGreaterThanOrEqual(990);
    for (const time of others) expect(time).toBeGreaterThan(800);
  });

  it('obey it after the one that met it has closed', async () => {
    throttleOnce(1);
    const first = connect({ ...user('ada'), maxAttempts: 1 });
    await expect(first.list(product)).rejects.toThrow('asks to wait');
    first.close();
    expect(await timed(connect(user('ada')))).toBeGreaterThan(800);
  });

  it('another user, or another service, does not wait', async () => {
    throttleOnce(1);
    const throttled = timed(connect(user('ada')));
    await wait(50);
    expect(await timed(connect(user('grace')))).toBeLessThan(500);
    expect(await timed(connect({ ...user('ada'), baseUrl: `${server.root}/v2` }))).toBeLessThan(
      500,
    );
    await throttled;
  });

  it('schemes that name nobody share the limits', async () => {
    throttleOnce(1);
    const token = (): Promise<string> => Promise.resolve('made-up');
    const throttled = timed(connect({ auth: auth.bearer({ token }) }));
    await wait(50);
    expect(await timed(connect({ auth: auth.bearer({ token: 'another' }) }))).toBeGreaterThan(800);
    await throttled;
  });

  it('together keep to the largest concurrency, each to its own', async () => {
    let running = 0;
    let most = 0;
    const under: Record<string, number> = {};
    const mostOf: Record<string, number> = {};
    server.script = async ({ headers }, response) => {
      const agent = headers.prefer === 'odata.maxpagesize=1' ? 'small' : 'large';
      running += 1;
      most = Math.max(most, running);
      mostOf[agent] = Math.max(mostOf[agent] ?? 0, (under[agent] = (under[agent] ?? 0) + 1));
      await wait(10);
      running -= 1;
      under[agent] = (under[agent] ?? 0) - 1;
      json(response, { value: [] });
    };
    const small = connect({ maxConcurrency: 2, pageSize: 1 });
    const large = connect({ maxConcurrency: 5 });
    await Promise.all(
      Array.from({ length: 40 }, () => [small.list(product), large.list(product)]).flat(),
    );
    expect(most).toBe(5);
    expect(mostOf.small).toBe(2);
    large.close();
    most = 0;
    await Promise.all(Array.from({ length: 10 }, () => small.list(product)));
    expect(most).toBe(2);
  });

  it('count for one budget, the smallest of all, also after some have closed', async () => {
    const large = connect({ budget: { perDay: 5 } });
    const small = connect({ budget: { perDay: 3 } });
    const without = connect();
    await large.list(product);
    await small.list(product);
    await without.list(product);
    for (const client of [large, small, without]) {
      await expect(client.list(product)).rejects.toThrow(LegacyBudgetError);
    }
    small.close();
    await without.list(product);
    await large.list(product);
    await expect(without.list(product)).rejects.toThrow(LegacyBudgetError);
    for (const client of clients.splice(0)) client.close();
    await expect(connect({ budget: { perDay: 5 } }).list(product)).rejects.toThrow(
      LegacyBudgetError,
    );
    await connect({ budget: { perDay: 6 }, ...user('ada') }).list(product);
  });

  it('have one circuit where their rules for it are the same', async () => {
    server.script = (_request, response) => void response.destroy();
    const circuit = { failures: 2, openMs: 60_000 };
    const failing = connect({ maxAttempts: 1, circuit });
    await failing.list(product).catch(() => undefined);
    await failing.list(product).catch(() => undefined);
    await expect(connect({ circuit }).list(product)).rejects.toThrow(LegacyCircuitOpenError);
    server.script = (_request, response) => json(response, { value: [] });
    await expect(connect().list(product)).resolves.toEqual([]);
    for (const client of clients.splice(0)) client.close();
    await expect(connect({ circuit }).list(product)).resolves.toEqual([]);
  });
});
