import { execFileSync } from 'node:child_process';
import { constants, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import path from 'node:path';
import {
  auth,
  type ConnectionScheme,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyLoginError,
  type TransportRequest,
} from '../../../legacy-client';
import { RenewedToken } from '../../../legacy-client/auth/renewed-token';
import { type Sandbox, startSandbox } from '../../../legacy-client/sandbox';
import { dataverseAccount as account } from '../entities';
import { json, type ScriptedServer, startServer } from '../scripted-server';
import { everything } from './everything';
import { closingClients } from '../closing-clients';

const clientSecret = 'correct~horse.battery';
const application = { tenantId: 'example', clientId: 'dual-write', clientSecret };
/** An address that exists nowhere: MSAL takes https only, and no test has a certificate. */
const authority = 'https://login.example.test';

/** Public, and its key is gone: only its fingerprint is looked at. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUW/X3Rn0Y6EmVML6IXwOKcdrCRv4wCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWZmljdGlvbmFsLmV4YW1wbGUudGVzdDAgFw0yNjExMjExNjAx
MjBaGA8yMTI2MTAyODE2MDEyMFowITEfMB0GA1UEAwwWZmljdGlvbmFsLmV4YW1w
bGUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEXX2HVjzu/GLYXSHYqR
CdyerOAc7J9FgCY4iQ0A589kYaMyBtDNMYcFE+AFbrEc0m6Q8N9wtsllne9WOGml
8TWjUzBRMB0GA1UdDgQWBBSoDxMZl/lu7l/Ic9UV09dld3uwbzAfBgNVHSMEGDAW
gBSoDxMZl/lu7l/Ic9UV09dld3uwbzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCICWKlPmto59bktnV1I8luYq5YKgwBKE05YUxZ1Cj5ZZPAiEA71mg
nBkj9A67mM8IpllQCffqJea0JMdY/mAGYolumVY=
-----END CERTIFICATE-----`;

let sandbox: Sandbox;
let authorityRequests: TransportRequest[];
const openClient = closingClients();

beforeAll(async () => {
  const credentials = { username: application.clientId, password: clientSecret };
  sandbox = await startSandbox({ login: 'bearer', credentials });
});

beforeEach(async () => {
  authorityRequests = [];
  await sandbox.reset();
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => sandbox.close());

/** The scheme, but what goes to the authority goes to a server of this machine. */
function at(url: string, scheme: ConnectionScheme): ConnectionScheme {
  return {
    connect: (wire, baseUrl) => {
      const login = scheme.connect(
        {
          timeoutMs: wire.timeoutMs,
          send: (request) => {
            if (!request.url.startsWith(authority)) return wire.send(request);
            authorityRequests.push(request);
            const headers = { ...request.headers, Host: new URL(authority).host };
            return wire.send({ ...request, headers, url: request.url.replace(authority, url) });
          },
        },
        baseUrl,
      );
      return login;
    },
  };
}

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({
    ...{ baseUrl: sandbox.urlDataverse, dialect: 'dataverse', maxAttempts: 1 },
    auth: at(sandbox.url, auth.clientCredentials({ ...application, authority })),
    ...options,
  });
}

function tokenRequests(): URLSearchParams[] {
  const posts = authorityRequests.filter(({ method }) => method === 'POST');
  return posts.map(({ body }) => new URLSearchParams(body));
}

async function statuses(): Promise<(number | null)[]> {
  return (await sandbox.journal()).map(({ status }) => status);
}

test('one token serves all requests, those that wait for it and those that follow', async () => {
  const client = connect();
  await Promise.all(Array.from({ length: 20 }, () => client.list(account)));
  await client.create(account, { name: 'Fictional Foundries' });
  expect(tokenRequests()).toHaveLength(1);
  const [form] = tokenRequests();
  expect(form?.get('scope')).toBe(`${sandbox.url}/.default`);
  expect(form?.get('grant_type')).toBe('client_credentials');
  expect(await statuses()).toEqual(Array.from({ length: 21 }, (_, at) => (at < 20 ? 200 : 201)));
});

test.each([
  [{ resource: 'https://crm.example.test/' }, 'https://crm.example.test/.default'],
  [{ scope: 'api://crm/.default' }, 'api://crm/.default'],
])('the scope of %j is %s', async (chosen, scope) => {
  const scheme = auth.clientCredentials({ ...application, ...chosen, authority });
  await connect({ auth: at(sandbox.url, scheme) }).list(account);
  expect(tokenRequests()[0]?.get('scope')).toBe(scope);
});

test('a token is renewed before it ends', async () => {
  const client = connect();
  await client.list(account);
  const start = Date.now();
  const later = (minutes: number): void => {
    jest.spyOn(Date, 'now').mockReturnValue(start + minutes * 60_000);
  };
  later(54);
  await client.list(account);
  expect(tokenRequests()).toHaveLength(1);
  later(56);
  await Promise.all([client.list(account), client.list(account)]);
  expect(tokenRequests()).toHaveLength(2);
  expect(await statuses()).toEqual([200, 200, 200, 200]);
});

test('a token that the service takes no longer is renewed once for all, a write repeated', async () => {
  const client = connect();
  await client.list(account);
  await sandbox.expireLogin();
  const names = Array.from({ length: 8 }, (_, number) => `Imaginary Mills ${number}`);
  await Promise.all(names.map((name) => client.create(account, { name })));
  expect(tokenRequests()).toHaveLength(2);
  const records = await sandbox.records('account');
  expect(records.map(({ Name }) => Name).sort()).toEqual(names);
});

test('a certificate and its key prove the application in place of a secret', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { tenantId, clientId } = application;
  const login = { tenantId, clientId, authority, certificate: { certificate, privateKey: key } };
  await expect(
    connect({ auth: at(sandbox.url, auth.clientCredentials(login)) }).list(account),
  ).rejects.toThrow(LegacyLoginError);
  const [form] = tokenRequests();
  expect(form?.has('client_secret')).toBe(false);
  const [head = '', body = '', signature = ''] = form?.get('client_assertion')?.split('.') ?? [];
  const signed = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  expect(
    verify('sha256', Buffer.from(`${head}.${body}`), signed, Buffer.from(signature, 'base64url')),
  ).toBe(true);
  const { 'x5t#S256': thumbprint } = readPart(head);
  const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
  expect(Buffer.from(String(thumbprint), 'base64url').toString('hex').toUpperCase()).toBe(
    fingerprint,
  );
  expect(readPart(body)).toMatchObject({ iss: clientId, sub: clientId });
});

function readPart(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

test('a token is used to its end when no new one can be had', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(0);
  const fetchToken = jest
    .fn<Promise<{ text: string; endsAt: number }>, []>()
    .mockResolvedValueOnce({ text: 'first', endsAt: 3_600_000 })
    .mockRejectedValue(new Error('the authority is down'));
  const token = new RenewedToken(fetchToken);
  expect(await token.current()).toBe('first');
  now.mockReturnValue(3_400_000);
  expect(await token.current()).toBe('first');
  expect(fetchToken).toHaveBeenCalledTimes(2);
  now.mockReturnValue(3_600_000);
  await expect(token.current()).rejects.toThrow('the authority is down');
});

test('MSAL is not loaded by who does not log in so', () => {
  const script = `const { auth, createLegacyClient } = require('./legacy-client');
    const scheme = auth.clientCredentials({ tenantId: 'x', clientId: 'y', clientSecret: 'z' });
    createLegacyClient({ baseUrl: 'https://crm.example.test', dialect: 'dataverse', auth: scheme });
    const loaded = Object.keys(require.cache).filter((file) => file.includes('@azure'));
    console.log(JSON.stringify(loaded));`;
  const cwd = path.resolve(__dirname, '../../..');
  const args = ['--require', require.resolve('tsx/cjs'), '-e', script];
  expect(execFileSync(process.execPath, args, { cwd, encoding: 'utf8' })).toBe('[]\n');
});

describe('what is wrong is told', () => {
  test('every missing setting at once', () => {
    expect(() => auth.clientCredentials({ tenantId: '', clientId: '', clientSecret: '' })).toThrow(
      'auth.clientCredentials needs tenantId, clientId, clientSecret or certificate: missing or empty',
    );
  });

  test('a certificate that is none', () => {
    const pair = { certificate: 'MIIB', privateKey: 'MIIE' };
    const login = { tenantId: 'example', clientId: 'dual-write', certificate: pair };
    expect(() => auth.clientCredentials(login)).toThrow(
      'auth.clientCredentials needs a certificate in PEM form',
    );
  });

  test('an authority without https', () => {
    const login = { ...application, authority: 'http://login.example.test' };
    expect(() => auth.clientCredentials(login)).toThrow(/https/);
  });

  test('a refusal, without the secret, and nothing is sent to the service', async () => {
    const secret = 'wrong~horse.battery';
    const scheme = auth.clientCredentials({ ...application, clientSecret: secret, authority });
    const exchanges: Exchange[] = [];
    const onExchange = (exchange: Exchange): void => void exchanges.push(exchange);
    const failure: unknown = await connect({ auth: at(sandbox.url, scheme), onExchange })
      .create(account, { name: 'x' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LegacyLoginError);
    expect(failure).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining('AADSTS7000215: Invalid client secret provided.'),
    });
    expect(everything(failure) + everything(exchanges)).not.toContain(secret);
    expect(await statuses()).toEqual([]);
  });

  test('an authority that repeats the secret, or answers with a page, or not at all', async () => {
    const server: ScriptedServer = await startServer(({ method, body }, response) => {
      if (method === 'POST') {
        const said = new URLSearchParams(body).get('client_secret') ?? '';
        json(response, { error: 'invalid_client', error_description: said }, { status: 401 });
      } else {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>proxy</html>');
      }
    });
    const scheme = (): ConnectionScheme => auth.clientCredentials({ ...application, authority });
    const page: unknown = await connect({ auth: at(server.root, scheme()) })
      .list(account)
      .catch((error: unknown) => error);
    expect(page).toMatchObject({ message: expect.stringContaining('text/html where JSON') });
    await server.close();
    const gone: unknown = await connect({ auth: at(server.root, scheme()) })
      .list(account)
      .catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(LegacyLoginError);
    expect(gone).toMatchObject({
      message: expect.stringContaining('login.example.test cannot be reached'),
    });
    expect(everything(page) + everything(gone)).not.toContain(clientSecret);
  });
});
