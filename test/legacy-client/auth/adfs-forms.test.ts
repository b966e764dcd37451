import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type AdfsFormsLogin,
  auth,
  type ConnectionScheme,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyLoginError,
} from '../../../legacy-client';
import { type Sandbox, startSandbox } from '../../../legacy-client/sandbox';
import { account } from '../entities';
import { closedPort, json, type ScriptedServer, startServer } from '../scripted-server';
import { everything } from './everything';
import { closingClients } from '../closing-clients';

const password = 'correct&horse "battery"';
const username = 'ada@example.test';
type Login = AdfsFormsLogin;

let sandbox: Sandbox;
const openClient = closingClients();
const servers: ScriptedServer[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ login: 'adfs', credentials: { username, password } });
});

beforeEach(async () => {
  await sandbox.reset();
  await sandbox.expireLogin();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

afterAll(() => sandbox.close());

function connect(
  login: Partial<Login> = {},
  options: Partial<LegacyClientOptions> = {},
): LegacyClient {
  return openClient({
    ...{ baseUrl: sandbox.url2011, dialect: 'dynamics2011', maxAttempts: 1 },
    auth: auth.adfsForms({ username, password, adfsUrl: `${sandbox.url}/adfs/ls/`, ...login }),
    ...options,
  });
}

async function serve(script: ScriptedServer['script']): Promise<ScriptedServer> {
  const server = await startServer(script);
  servers.push(server);
  return server;
}

/** A scheme, every request of which is noted: `POST /adfs/ls/`. */
function watched(scheme: ConnectionScheme, seen: string[]): ConnectionScheme {
  return {
    connect: (wire, baseUrl) => {
      const send: typeof wire.send = (request) => {
        seen.push(`${request.method} ${new URL(request.url).pathname}`);
        return wire.send(request);
      };
      return scheme.connect({ timeoutMs: wire.timeoutMs, send }, baseUrl);
    },
  };
}

async function served(): Promise<string[]> {
  const journal = await sandbox.journal();
  return journal.map(({ method, status }) => `${method} ${status}`);
}

function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('goes through the forms once, for all requests that wait, and stays logged in', async () => {
  const seen: string[] = [];
  const login = auth.adfsForms({ username, password, adfsUrl: `${sandbox.url}/adfs/ls/` });
  const client = connect({}, { auth: watched(login, seen) });
  await Promise.all(Array.from({ length: 10 }, () => client.list(account)));
  const { key } = await client.create(account, { Name: 'Fictional Foundries' });
  await client.update(account, key, { Name: 'Imaginary Mills' });
  expect(await served()).toEqual([...Array<string>(10).fill('GET 200'), 'POST 201', 'MERGE 204']);
  const way = ['GET /', 'GET /adfs/ls/', 'POST /adfs/ls/', 'POST /rsts/ls/', 'POST /default.aspx'];
  expect(seen.slice(0, 6)).toEqual([...way, 'GET /']);
  await sandbox.expireLogin();
  await Promise.all(Array.from({ length: 10 }, () => client.get(account, key)));
  expect(seen.filter((request) => request === 'POST /adfs/ls/')).toHaveLength(2);
});

test.each([
  ['a redirect to the login', false, 302],
  ['a login page in place of the data', true, 200],
])('after %s one new login serves all, a write too', async (_case, page, turnedAway) => {
  const client = connect();
  const { key } = await client.create(account, { Name: 'x' });
  await sandbox.expireLogin({ page });
  await client.update(account, key, { Name: 'y' });
  expect(await served()).toEqual(['POST 201', `MERGE ${turnedAway}`, 'MERGE 204']);
});

test('a wrong password is told in the words of the login page, and in no others', async () => {
  const exchanges: Exchange[] = [];
  const onExchange = (exchange: Exchange): void => void exchanges.push(exchange);
  const wrong = 'wrong&horse "battery"';
  const client = connect({ password: wrong }, { onExchange });
  const failure = await failureOf(client.create(account, { Name: 'x' }));
  expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(failure).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('The login failed: The user name or password is incorrect.'),
  });
  const told = everything(failure) + everything(exchanges);
  for (const secret of [wrong, encodeURIComponent(wrong), 'VIEWSTATE']) {
    expect(told).not.toContain(secret);
  }
  expect(await served()).toEqual([]);
});

test('a refused password is tried once, however many requests wait', async () => {
  const seen: string[] = [];
  const adfsUrl = `${sandbox.url}/adfs/ls/`;
  const login = auth.adfsForms({ username, password: 'wrong', adfsUrl });
  const client = connect({}, { auth: watched(login, seen), maxConcurrency: 2 });
  const reads = Array.from({ length: 20 }, () => failureOf(client.list(account)));
  for (const failure of await Promise.all(reads)) expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(seen.filter((request) => request === 'POST /adfs/ls/')).toHaveLength(1);
});

test('names all settings that are missing', () => {
  const nothing = { username: '', password: '', adfsUrl: '', jar: { file: '', key: '' } };
  expect(() => auth.adfsForms(nothing)).toThrow(
    'auth.adfsForms needs username, password, adfsUrl, jar.file, jar.key: missing or empty',
  );
  expect(() => auth.adfsForms({ username, password, adfsUrl: 'sts' })).toThrow(
    'auth.adfsForms needs an address as adfsUrl',
  );
});

describe('the cookie jar on disk', () => {
  let folder: string;
  let jar: { file: string; key: string };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dual-write-jar-'));
    jar = { file: path.join(folder, 'cookies'), key: 'a passphrase from the environment' };
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Whether a fresh client with this login had to go to the login page. */
  async function logsIn(login: Partial<Login>): Promise<boolean> {
    const seen: string[] = [];
    const scheme = auth.adfsForms({
      ...{ username, password, adfsUrl: `${sandbox.url}/adfs/ls/`, jar },
      ...login,
    });
    await connect({}, { auth: watched(scheme, seen) }).list(account);
    return seen.includes('POST /adfs/ls/');
  }

  test.each(['a passphrase from the environment', Buffer.alloc(32, 7).toString('base64')])(
    'serves the next process, with the key %j',
    async (key) => {
      jar = { ...jar, key };
      expect(await logsIn({})).toBe(true);
      expect(await logsIn({})).toBe(false);
      const bytes = await readFile(jar.file);
      expect((await stat(jar.file)).mode & 0o777).toBe(0o600);
      expect(bytes.toString('latin1')).not.toMatch(/MSISAuth|127\.0\.0\.1/);
    },
  );

  test('with an ended session costs a login, and is written anew', async () => {
    await logsIn({});
    const before = await readFile(jar.file);
    await sandbox.expireLogin();
    expect(await logsIn({})).toBe(true);
    expect(await readFile(jar.file)).not.toEqual(before);
    expect(await logsIn({})).toBe(false);
  });

  test.each<[string, () => Promise<Partial<Login>>]>([
    ['of another key', () => Promise.resolve({ jar: { ...jar, key: 'another passphrase' } })],
    ['of another user', () => Promise.resolve({ username: 'ADA@example.test' })],
    [
      'that is damaged',
      async () => {
        const bytes = await readFile(jar.file);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
        await writeFile(jar.file, bytes);
        return {};
      },
    ],
    [
      'that is cut off',
      async () => {
        await writeFile(jar.file, (await readFile(jar.file)).subarray(0, 20));
        return {};
      },
    ],
    [
      'that is something else',
      async () => {
        await writeFile(jar.file, 'something else');
        return {};
      },
    ],
  ])('%s is discarded, without an error', async (_case, spoil) => {
    await logsIn({});
    const login = await spoil();
    if (login.username === undefined) {
      expect(await logsIn(login)).toBe(true);
    } else {
      // The sandbox knows one user only, so this login fails; but it was tried.
      await expect(logsIn(login)).rejects.toThrow('The user name or password is incorrect.');
      await expect(stat(jar.file)).rejects.toThrow('ENOENT');
    }
  });

  test('that cannot be written is a warning, not an error', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
    jar = { ...jar, file: path.join(folder, 'missing', 'cookies') };
    expect(await logsIn({})).toBe(true);
    expect(warn).toHaveBeenCalledWith('The cookies of the login could not be kept: ENOENT');
    warn.mockRestore();
  });
});

describe('the password goes to nobody else:', () => {
  const form = (action: string, method = 'post'): string =>
    `<html><body><form method="${method}" action="${action}"><input name="UserName">` +
    '<input type="password" name="Password"></form></body></html>';
  const html = { 'Content-Type': 'text/html' };

  /** A service whose login page posts to another host, which would take everything. */
  async function trap(page: (thief: string) => [number, Record<string, string>, string]) {
    const thief = await serve((_request, response) => {
      response.writeHead(200, html).end('<html>Thanks</html>');
    });
    const service = await serve((_request, response) => {
      const [status, headers, text] = page(thief.root);
      response.writeHead(status, headers).end(text);
    });
    const adfsUrl = `${new URL(service.root).origin}/adfs/ls/`;
    return { thief, service, login: { adfsUrl }, options: { baseUrl: service.root } };
  }

  test('a form that posts elsewhere', async () => {
    const { thief, service, login, options } = await trap((url) => [200, html, form(url)]);
    const failure = await failureOf(connect(login, options).list(account));
    const { host } = new URL(thief.root);
    expect(failure).toMatchObject({
      message: expect.stringContaining(`name '${host}' in trusted`),
    });
    expect(thief.received).toEqual([]);
    expect(JSON.stringify(service.received)).not.toContain('correct');
  });

  test('a redirect that leads elsewhere', async () => {
    const { thief, login, options } = await trap((url) => [302, { Location: url }, '']);
    await expect(connect(login, options).list(account)).rejects.toThrow('is not trusted');
    expect(thief.received).toEqual([]);
  });

  test('but a trusted host gets it', async () => {
    const { thief, login, options } = await trap((url) => [200, html, form(url)]);
    const trustedHosts = [new URL(thief.root).host];
    const failure = await failureOf(connect({ ...login, trustedHosts }, options).list(account));
    expect(failure).toMatchObject({ message: expect.stringContaining('without a cookie') });
    const [posted] = thief.received;
    expect(new URLSearchParams(posted?.body).get('Password')).toBe(password);
  });

  test('a form that would put it into the address', async () => {
    const { service, login, options } = await trap(() => [200, html, form('/login', 'get')]);
    await expect(connect(login, options).list(account)).rejects.toThrow('is not sent by POST');
    expect(JSON.stringify(service.received)).not.toContain('correct');
  });

  test('a second login page', async () => {
    const { service, login, options } = await trap(() => [200, html, form('/login')]);
    await expect(connect(login, options).list(account)).rejects.toThrow(
      'the login page came again',
    );
    expect(service.received.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('a page that repeats it', async () => {
    const echo = `<html><span id="errorText">No user with ${password.replaceAll('"', '&quot;').replaceAll('&h', '&amp;h')}</span></html>`;
    const { login, options } = await trap(() => [500, html, echo]);
    const failure = await failureOf(connect(login, options).list(account));
    expect(everything(failure)).toContain('No user with [secret]');
    expect(everything(failure)).not.toContain(password);
  });

  test('an endless way', async () => {
    const service = await serve((_request, response) => {
      response.writeHead(302, { Location: '/again' }).end();
    });
    const login = { adfsUrl: service.root };
    await expect(connect(login, { baseUrl: service.root }).list(account)).rejects.toThrow(
      'without an end',
    );
    expect(service.received.length).toBeLessThan(30);
  });
});

test('a login that cannot be reached is a login error, with the reason', async () => {
  const baseUrl = `http://127.0.0.1:${await closedPort()}/service`;
  const failure = await failureOf(connect({}, { baseUrl }).list(account));
  expect(failure).toBeInstanceOf(LegacyLoginError);
  expect(failure).toMatchObject({
    outcome: 'refused',
    message: expect.stringMatching(/127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED/),
  });
});

test('cookies that answers set later are sent from then on, and are in no error', async () => {
  const service = await serve(({ url, headers }, response) => {
    if (url.startsWith('/?'))
      response.writeHead(200, { 'Set-Cookie': 'FedAuth=first-cookie' }).end();
    else if (headers.cookie === 'FedAuth=first-cookie') {
      const cookies = ['FedAuth=second-cookie; path=/', 'other=x; domain=elsewhere.test'];
      json(response, { d: { results: [] } }, { headers: { 'Set-Cookie': cookies } });
    } else response.writeHead(500).end(`You sent ${headers.cookie ?? 'nothing'}`);
  });
  const client = connect({ adfsUrl: service.root }, { baseUrl: service.root });
  await client.list(account);
  const failure = await failureOf(client.list(account));
  expect(everything(failure)).toContain('You sent [secret]');
  expect(everything(failure)).not.toMatch(/(?:first|second)-cookie/);
  expect(service.received.at(-1)?.headers.cookie).toBe('FedAuth=second-cookie');
});
