import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  auth,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyLoginError,
} from '../../../legacy-client';
import { negotiateMessage } from '../../../legacy-client/auth/ntlm/messages';
import { type Sandbox, startSandbox } from '../../../legacy-client/sandbox';
import { challengeMessage, isProof } from '../../../legacy-client/sandbox/login/ntlm-server';
import { account, guid } from '../entities';
import { json, startServer } from '../scripted-server';
import { everything } from './everything';
import { closingClients } from '../closing-clients';

const password = 'correct-horse-battery';
let sandbox: Sandbox;
const openClient = closingClients();

beforeAll(async () => {
  const credentials = { username: 'ada', password };
  sandbox = await startSandbox({ login: 'ntlm', credentials });
});

beforeEach(() => sandbox.reset());

afterAll(() => sandbox.close());

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({
    ...{ baseUrl: sandbox.url2011, dialect: 'dynamics2011', maxAttempts: 1 },
    auth: auth.ntlm({ username: 'EXAMPLE\\ada', password }),
    ...options,
  });
}

/** What the service did, logins not counted. */
async function served(): Promise<string[]> {
  const journal = await sandbox.journal();
  return journal.map(({ method, status }) => `${method} ${status}`);
}

test('reads and writes as the account, by one connection that is logged in once', async () => {
  const client = connect();
  const { key } = await client.create(account, { Name: 'Fictional Foundries' });
  await client.update(account, key, { Name: 'Imaginary Mills' });
  expect((await client.get(account, key)).values.Name).toBe('Imaginary Mills');
  await client.delete(account, key);
  expect(await served()).toEqual(['POST 201', 'MERGE 204', 'GET 200', 'DELETE 204']);
});

test('many requests at a time: each connection logs in for itself', async () => {
  const client = connect({ maxConcurrency: 8 });
  const keys = Array.from({ length: 40 }, (_, number) => guid(number + 1));
  await Promise.all(keys.map((key) => client.create(account, { Name: key }, { key })));
  const read = await Promise.all(keys.map((key) => client.get(account, key)));
  expect(read.map(({ values }) => values.Name)).toEqual(keys);
  expect(await served()).toHaveLength(80);
});

test('a session that has ended costs a login, not an error, a write included', async () => {
  const client = connect();
  const { key } = await client.create(account, { Name: 'x' });
  await sandbox.expireLogin();
  await client.update(account, key, { Name: 'y' });
  const records = await sandbox.records('account');
  expect(records.map(({ Name }) => Name)).toEqual(['y']);
  expect(await served()).toEqual(['POST 201', 'MERGE 401', 'MERGE 204']);
});

test('a connection that the server has closed is logged in anew', async () => {
  const client = connect();
  await client.create(account, { Name: 'x' });
  await sandbox.loseResponse({ method: 'GET' });
  await expect(client.list(account)).rejects.toMatchObject({ name: 'LegacyUnavailableError' });
  expect(await client.list(account)).toHaveLength(1);
});

test('the server turns away what comes without a handshake, and by another connection', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const statusOf = (headers: Record<string, string>, by?: http.Agent): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = `${sandbox.url2011}/AccountSet`;
      http
        .get(url, { headers, agent: by ?? agent }, (answer) => {
          answer.resume().on('end', () => {
            resolve(answer.statusCode ?? 0);
          });
        })
        .on('error', reject);
    });
  const recorded: string[] = [];
  const wire = {
    timeoutMs: 1000,
    send: ({ headers }: { headers: Readonly<Record<string, string>> }) => {
      recorded.push(headers.Authorization ?? '');
      return Promise.reject(new Error('not sent'));
    },
  };
  await expect(
    auth
      .ntlm({ username: 'ada', password })
      .connect(wire, sandbox.url2011)
      .send({ method: 'GET', url: sandbox.url2011, headers: {} }),
  ).rejects.toThrow('not sent');
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ Authorization: recorded[0] ?? '' })).toBe(401);
  expect(await statusOf({})).toBe(401);
  agent.destroy();
});

test.each([
  ['password', { username: 'ada', password: 'wrong-horse' }],
  ['user', { username: 'grace', password }],
])('a wrong %s is a login error, refused', async (_what, login) => {
  const exchanges: Exchange[] = [];
  const onExchange = (exchange: Exchange): void => void exchanges.push(exchange);
  const client = connect({ auth: auth.ntlm(login), onExchange });
  const failure: unknown = await client.create(account, { Name: 'x' }).catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(failure).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('The server refuses the user name or the password'),
  });
  const told = everything(failure) + everything(exchanges) + everything(await sandbox.journal());
  expect(told).not.toContain(login.password);
  expect(told).not.toContain('TlRMTVNTUA');
  expect(await sandbox.records('account')).toEqual([]);
});

test('a refused password is tried once, however many requests wait, and not again for a minute', async () => {
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
  const client = connect({ auth: auth.ntlm({ username: 'ada', password: 'wrong-horse' }) });
  const reads = Array.from({ length: 30 }, () => client.list(account).catch((e: unknown) => e));
  for (const failure of await Promise.all(reads)) expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(await served()).toEqual(['GET 401']);
  clock.mockImplementation(() => now + 61_000);
  await expect(client.list(account)).rejects.toThrow(LegacyLoginError);
  expect(await served()).toEqual(['GET 401', 'GET 401']);
  clock.mockRestore();
});

test('names all settings that are missing', () => {
  expect(() => auth.ntlm({ username: '', password: '' })).toThrow(
    'auth.ntlm needs username, password: missing or empty',
  );
});

describe('a server that', () => {
  test('offers NTLM, and begins anew each time, is not said to have none', async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(401, { 'WWW-Authenticate': 'NTLM', Connection: 'close' }).end();
    });
    const reading = connect({ baseUrl: server.root }).get(account, guid(1));
    await expect(reading).rejects.toThrow('The service offers NTLM, and does not go on with it');
    await server.close();
  });

  test('offers no NTLM is named with what it offers', async () => {
    const server = await startServer((_request, response) => {
      const offers = ['Basic realm="crm, inner"', 'Bearer'];
      response.writeHead(401, { 'WWW-Authenticate': offers }).end();
    });
    const reading = connect({ baseUrl: server.root }).get(account, guid(1));
    await expect(reading).rejects.toThrow(/The service offers no NTLM, but Basic, .*Bearer/);
    await server.close();
  });

  test('asks nobody is served without a handshake, and gets a write once', async () => {
    const server = await startServer(({ method }, response) => {
      if (method === 'GET') json(response, { d: { results: [] } });
      else response.writeHead(204).end();
    });
    await connect({ baseUrl: server.root }).update(account, guid(1), { Name: 'x' });
    expect(server.received.map(({ method }) => method)).toEqual(['GET', 'POST']);
    await server.close();
  });

  test('offers NTLM only inside Negotiate gets it there, and keeps the connection', async () => {
    const challenge = challengeMessage(Buffer.alloc(8, 5), new Date());
    const proofs: Buffer[] = [];
    const server = await startServer(({ headers, method }, response) => {
      const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ');
      const message = Buffer.from(encoded, 'base64');
      if (scheme === 'Negotiate' && message[8] === 3) proofs.push(message);
      if (proofs.length > 0 && method === 'GET') {
        json(response, { d: { AccountId: guid(1) } });
        return;
      }
      const isOpened = scheme === 'Negotiate' && message[8] === 1;
      const offer = isOpened ? `Negotiate ${challenge.toString('base64')}` : 'Negotiate';
      response.writeHead(401, { 'WWW-Authenticate': offer }).end();
    });
    const client = connect({ baseUrl: server.root });
    await client.get(account, guid(1));
    await client.get(account, guid(1));
    const handshake = { negotiate: negotiateMessage(), challenge };
    const [proof = Buffer.alloc(0)] = proofs;
    expect(isProof(proof, handshake, { username: 'ada', password })).toBe(true);
    expect(server.received.map(({ headers }) => headers.authorization?.slice(0, 9))).toEqual([
      'NTLM TlRM',
      'Negotiate',
      'Negotiate',
      undefined,
    ]);
    await server.close();
  });

  test('closes the connection between the parts of the handshake once is asked again', async () => {
    const challenge = challengeMessage(Buffer.alloc(8, 5), new Date());
    const sockets = new Set<unknown>();
    let isFirst = true;
    const server = http.createServer((request, response) => {
      const { authorization = '' } = request.headers;
      const message = Buffer.from(authorization.split(' ')[1] ?? '', 'base64');
      if (message[8] === 3 && sockets.has(request.socket)) {
        json(response, { d: { AccountId: guid(1) } });
        return;
      }
      if (message[8] === 1) sockets.add(request.socket);
      const offer = message[8] === 1 ? `NTLM ${challenge.toString('base64')}` : 'NTLM';
      const connection = isFirst ? 'close' : 'keep-alive';
      isFirst = false;
      response.writeHead(401, { 'WWW-Authenticate': offer, Connection: connection }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const reading = connect({ baseUrl: `http://127.0.0.1:${port}/service` }).get(account, guid(1));
    await expect(reading).resolves.toMatchObject({ key: guid(1) });
    server.closeAllConnections();
    server.close();
  });

  test('sends a broken challenge is named', async () => {
    const server = await startServer((_request, response) => {
      const broken = Buffer.from('NTLMSSP\0\x02').toString('base64');
      response.writeHead(401, { 'WWW-Authenticate': `NTLM ${broken}` }).end();
    });
    const reading = connect({ baseUrl: server.root }).get(account, guid(1));
    await expect(reading).rejects.toThrow("The server's NTLM challenge is wrong");
    await server.close();
  });

  test('cannot be reached during the handshake has certainly not got the write', async () => {
    const server = await startServer((_request, response) => {
      response.destroy();
    });
    const update = connect({ baseUrl: server.root }).update(account, guid(1), { Name: 'x' });
    await expect(update).rejects.toMatchObject({
      name: 'LegacyUnavailableError',
      outcome: 'refused',
    });
    await server.close();
  });

  test('repeats what it was sent tells nothing of the proof', async () => {
    const server = await startServer(({ headers }, response) => {
      const { authorization = '' } = headers;
      const type = Buffer.from(authorization.split(' ')[1] ?? '', 'base64')[8];
      if (type === 3) {
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`You said ${authorization}`);
        return;
      }
      const challenge = Buffer.alloc(48);
      challenge.write('NTLMSSP\0', 'latin1');
      challenge.writeUInt32LE(2, 8);
      const offer = `NTLM ${challenge.toString('base64')}`;
      response.writeHead(401, { 'WWW-Authenticate': offer }).end();
    });
    const failure: unknown = await connect({ baseUrl: server.root })
      .get(account, guid(1))
      .catch((error: unknown) => error);
    expect(everything(failure)).toContain('You said');
    expect(everything(failure)).not.toContain('TlRMTVNTUA');
    await server.close();
  });
});
