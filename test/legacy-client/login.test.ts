import {
  auth,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyError,
  LegacyLoginError,
} from '../../legacy-client';
import { account, guid, key } from './entities';
import { closedPort, json, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

const loginPage =
  '<!DOCTYPE html><html><head><title>Sign In</title></head><body><form method="post">' +
  '<input type="hidden" name="ctx" value="hidden-login-state"><input type="password"></form></body></html>';

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
    ...options,
  });
}

/** Accepts one token; the others are turned away as told. */
function acceptOnly(token: string, turnAway: 401 | 302 | 'page'): void {
  server.script = ({ headers, method }, response) => {
    if (headers.authorization === `Bearer ${token}`) {
      if (method === 'GET') json(response, { d: { AccountId: guid(1) } });
      else response.writeHead(204).end();
    } else if (turnAway === 'page') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(loginPage);
    } else {
      response.writeHead(turnAway, { Location: '/adfs/ls/?wa=wsignin1.0' }).end();
    }
  };
}

/** Tokens `token-1`, `token-2` … */
function tokens(): { token: jest.Mock<Promise<string>, []> } {
  let number = 0;
  return { token: jest.fn(() => Promise.resolve(`token-${(number += 1)}`)) };
}

test('Basic', async () => {
  server.script = (_request, response) => {
    json(response, { d: { AccountId: guid(1) } });
  };
  const login = auth.basic({ username: 'ada', password: 'pässword:1' });
  await connect({ auth: login }).get(account, guid(1));
  const { authorization = '' } = server.received[0]?.headers ?? {};
  expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString()).toBe(
    'ada:pässword:1',
  );
  expect(() => auth.basic({ username: 'a:b', password: 'c' })).toThrow(TypeError);
  expect(() => auth.basic({ username: '', password: '' })).toThrow('needs username, password');
  expect(() => auth.bearer({ token: '' })).toThrow('auth.bearer needs token');
});

test.each([401, 302, 'page'] as const)(
  'after %s the login is renewed and the request repeated once, a write too',
  async (turnAway) => {
    acceptOnly('token-2', turnAway);
    const { token } = tokens();
    const client = connect({ auth: auth.bearer({ token }) });
    await client.update(account, guid(1), { Name: 'x' });
    await client.get(account, guid(1));
    expect(token).toHaveBeenCalledTimes(2);
    expect(server.received).toHaveLength(3);
  },
);

test('a redirect with the words of WS-Federation is one to a login, wherever it leads', async () => {
  server.script = ({ headers }, response) => {
    if (headers.authorization === 'Bearer token-2') json(response, { d: { AccountId: guid(1) } });
    else response.writeHead(302, { Location: 'https://door.example.test/?wa=x' }).end();
  };
  const { token } = tokens();
  await connect({ auth: auth.bearer({ token }) }).get(account, guid(1));
  expect(token).toHaveBeenCalledTimes(2);
});

test('one renewal serves all requests that wait for it', async () => {
  acceptOnly('token-2', 401);
  const { token } = tokens();
  const client = connect({ auth: auth.bearer({ token }), maxConcurrency: 20 });
  const reads = Array.from({ length: 20 }, () => client.get(account, guid(1)));
  await Promise.all(reads);
  expect(token).toHaveBeenCalledTimes(2);
});

test.each([
  [401, 'refused'],
  [302, 'refused'],
  ['page', 'unknown'],
] as const)('a login that is turned away again by %s ends, %s', async (turnAway, outcome) => {
  acceptOnly('another', turnAway);
  const { token } = tokens();
  const update = connect({ auth: auth.bearer({ token }) }).update(account, guid(1), { Name: 'x' });
  await expect(update).rejects.toMatchObject({ name: 'LegacyLoginError', outcome });
  expect(server.received).toHaveLength(2);
});

test('a scheme with nothing newer is not asked again', async () => {
  acceptOnly('another', 401);
  const client = connect({ auth: auth.bearer({ token: 'fixed' }) });
  await expect(client.get(account, guid(1))).rejects.toThrow(LegacyLoginError);
  expect(server.received).toHaveLength(1);
});

test.each([undefined, '', ' '])('a fetched token that is %p is a login error', async (text) => {
  const token = () => Promise.resolve(text) as Promise<string>;
  const reading = connect({ auth: auth.bearer({ token }) }).get(account, guid(1));
  await expect(reading).rejects.toMatchObject({
    name: 'LegacyLoginError',
    message: expect.stringContaining('the function that fetches the token gave none') as string,
  });
  expect(server.received).toHaveLength(0);
});

test('a token that cannot be fetched is a login error, and is fetched again the next time', async () => {
  acceptOnly('token', 401);
  const token = jest
    .fn<Promise<string>, []>()
    .mockRejectedValueOnce(new Error('identity provider is down'))
    .mockResolvedValue('token');
  const client = connect({ auth: auth.bearer({ token }) });
  const failure: unknown = await client.get(account, guid(1)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(failure).toMatchObject({
    outcome: 'refused',
    cause: { message: 'identity provider is down' },
  });
  expect((await client.get(account, guid(1))).key).toBe(guid(1));
});

describe('secrets', () => {
  const password = 'correct-horse-battery';
  const secrets = [
    password,
    Buffer.from(`ada:${password}`).toString('base64'),
    "O'Secret",
    'O%27%27Secret',
    'hidden-login-state',
  ];

  function everything(value: unknown, seen = new Set<unknown>()): string {
    if (typeof value !== 'object' || value === null) return String(value);
    if (seen.has(value)) return '';
    seen.add(value);
    return Reflect.ownKeys(value)
      .map((name) => `${String(name)}=${everything(Reflect.get(value, name), seen)}`)
      .join('\n');
  }

  test.each<[string, () => Promise<string | undefined>]>([
    [
      'an echo of the request',
      () => {
        server.script = ({ headers, url }, response) => {
          const echo = { headers, password, path: url.split('?')[0] };
          response.writeHead(500).end(JSON.stringify(echo));
        };
        return Promise.resolve(undefined);
      },
    ],
    [
      'a login page',
      () => {
        server.script = (_request, response) => {
          response.writeHead(200, { 'Content-Type': 'text/html' }).end(loginPage);
        };
        return Promise.resolve(undefined);
      },
    ],
    [
      'a broken connection',
      () => {
        server.script = (_request, response) => {
          response.destroy();
        };
        return Promise.resolve(undefined);
      },
    ],
    ['a refused connection', async () => `http://127.0.0.1:${await closedPort()}/service`],
  ])('are in no error and no report after %s', async (_case, prepare) => {
    const baseUrl = (await prepare()) ?? server.root;
    const exchanges: Exchange[] = [];
    const login = auth.basic({ username: 'ada', password });
    const onExchange = (exchange: Exchange): void => {
      exchanges.push(exchange);
    };
    const client = connect({ baseUrl, auth: login, onExchange });
    const filter = {
      op: 'eq',
      property: { name: 'Name', kind: 'string' },
      value: "O'Secret",
    } as const;
    const calls = [
      client.list(account, { filter }),
      client.update(account, guid(1), { Name: "O'Secret" }),
      client.list(account, { filter: { op: 'eq', property: key, value: guid(7) } }),
    ];
    const told: string[] = [everything(exchanges)];
    for (const call of calls) {
      const error: unknown = await call.catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(LegacyError);
      told.push(everything(error));
    }
    told.push(everything(exchanges));
    for (const secret of secrets) expect(told.join('\n')).not.toContain(secret);
    expect(told.join('\n')).not.toContain(guid(7));
    expect(exchanges).toHaveLength(3);
    expect(exchanges.some(({ url }) => url === `${baseUrl}/AccountSet?$filter&$select`)).toBe(true);
  });

  test('are not taken as part of the address', () => {
    expect(() => connect({ baseUrl: 'http://ada:secret@crm.example/' })).toThrow(/auth/);
    expect(() => connect({ baseUrl: 'crm.example' })).toThrow(TypeError);
    expect(() => connect({ baseUrl: 'http://crm.example/?key=1' })).toThrow(/query/);
    expect(() => connect({ timeoutMs: 0 })).toThrow(RangeError);
  });
});
