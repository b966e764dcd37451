import {
  auth,
  createLegacyClient,
  type DialectName,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyLoginError,
} from '../../../legacy-client';
import {
  type Sandbox,
  type SandboxLogin,
  type SandboxOptions,
  startSandbox,
} from '../../../legacy-client/sandbox';
import { json, type ScriptedServer, startServer } from '../scripted-server';
import { everything } from './everything';

const password = 'correct<horse>&"battery"';
const credentials = { username: 'ada', password };
const identity = {
  userId: '5a4d0b0c-0000-4000-8000-000000000001',
  businessUnitId: '5a4d0b0c-0000-4000-8000-000000000002',
  organizationId: '5a4d0b0c-0000-4000-8000-000000000003',
};

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  closing.push(() => sandbox.close());
  return sandbox;
}

async function serve(script: ScriptedServer['script']): Promise<ScriptedServer> {
  const server = await startServer(script);
  closing.push(() => server.close());
  return server;
}

function connect(
  baseUrl: string,
  dialect: DialectName,
  options: Partial<LegacyClientOptions> = {},
): LegacyClient {
  const client = createLegacyClient({ baseUrl, dialect, maxAttempts: 1, ...options });
  closing.push(() => {
    client.close();
  });
  return client;
}

function schemeFor(login: SandboxLogin, { url }: Sandbox): LegacyClientOptions['auth'] {
  switch (login) {
    case 'none':
      return undefined;
    case 'basic':
      return auth.basic(credentials);
    case 'ntlm':
      return auth.ntlm(credentials);
    case 'adfs':
      return auth.adfsForms({ ...credentials, adfsUrl: `${url}/adfs/ls/` });
    case 'bearer':
      return auth.bearer({ token: () => tokenFrom(url) });
  }
}

async function tokenFrom(url: string): Promise<string> {
  const body = new URLSearchParams({
    ...{ grant_type: 'client_credentials', scope: 'crm/.default' },
    ...{ client_id: credentials.username, client_secret: password },
  });
  const answer = await fetch(`${url}/example/oauth2/v2.0/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

describe.each(['none', 'basic', 'ntlm', 'adfs', 'bearer'] as const)('behind %s', (login) => {
  test('both faces say who one is', async () => {
    const sandbox = await openSandbox({ login, credentials });
    const scheme = schemeFor(login, sandbox);
    const options = scheme === undefined ? {} : { auth: scheme };
    for (const [url, dialect] of [
      [sandbox.url2011, 'dynamics2011'],
      [sandbox.urlDataverse, 'dataverse'],
    ] as const) {
      const client = connect(url, dialect, options);
      await expect(client.whoAmI()).resolves.toEqual(identity);
      if (login === 'none' || login === 'basic') continue;
      await sandbox.expireLogin();
      await expect(client.whoAmI()).resolves.toEqual(identity);
    }
  });
});

describe("somebody's own user name and password", () => {
  test('are checked in the envelope, whatever the login of the client is', async () => {
    const sandbox = await openSandbox({ login: 'ntlm', credentials });
    const client = connect(sandbox.url2011, 'dynamics2011', { auth: auth.ntlm(credentials) });
    await client.whoAmI();
    await expect(client.whoAmI({ credentials })).resolves.toEqual(identity);
    const wrong = { username: 'ada', password: 'wrong<horse>&"battery"' };
    const failure: unknown = await client.whoAmI({ credentials: wrong }).catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(LegacyLoginError);
    expect(failure).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining(
        'The login failed: At least one security token in the message could not be validated.',
      ),
    });
    expect(everything(failure)).not.toContain('wrong<horse>');
  });

  test("are tried once, without the client's login, and are in no error and no report", async () => {
    const server = await serve(({ body }, response) => {
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`You sent ${body} ${password}`);
    });
    const exchanges: Exchange[] = [];
    const client = connect(`${server.root}/OrganizationData.svc`, 'dynamics2011', {
      auth: auth.basic({ username: 'service', password: 'of-the-service' }),
      maxAttempts: 4,
      onExchange: (exchange) => void exchanges.push(exchange),
    });
    const failure: unknown = await client.whoAmI({ credentials }).catch((error: unknown) => error);
    expect(server.received.map(({ url }) => url)).toEqual(['/service/Organization.svc']);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
    const told = everything(failure) + everything(exchanges);
    expect(told).toContain('You sent');
    expect(told).not.toContain(password);
    expect(told).not.toContain('correct&lt;horse');
    expect(exchanges).toHaveLength(1);
  });

  test('are sent to a Dynamics 2011 only, and never in the clear', async () => {
    const elsewhere = connect('http://crm.example.test/OrganizationData.svc', 'dynamics2011');
    await expect(elsewhere.whoAmI({ credentials })).rejects.toMatchObject({
      name: 'LegacyRequestError',
      message: expect.stringContaining('over https or on this machine'),
    });
    const other = connect('https://crm.example.test/api/data/v9.2', 'dataverse');
    await expect(other.whoAmI({ credentials })).rejects.toThrow('on Dynamics 2011 only');
  });
});

describe('a fault of the organization service', () => {
  test('is told with its code', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(500, { 'Content-Type': 'text/xml' }).end(
        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
        <faultcode>s:Client</faultcode><faultstring>Outer words</faultstring><detail>
        <OrganizationServiceFault xmlns="http://schemas.microsoft.com/xrm/2011/Contracts">
        <ErrorCode>-2147220906</ErrorCode><Message>The user is disabled.</Message>
        </OrganizationServiceFault></detail></s:Fault></s:Body></s:Envelope>`,
      );
    });
    const client = connect(`${server.root}/OrganizationData.svc`, 'dynamics2011');
    await expect(client.whoAmI()).rejects.toMatchObject({
      name: 'LegacyResponseError',
      code: '-2147220906',
      message: expect.stringContaining('The service answered 500: The user is disabled.'),
    });
  });

  test.each([
    ['dynamics2011', '<html>Welcome</html>', 'LegacyResponseError'],
    ['dynamics2011', '<s:Envelope><s:Body/></s:Envelope>', 'LegacyResponseError'],
    ['dataverse', '{}', 'LegacyResponseError'],
    ['odata2', '<feed/>', 'LegacyResponseError'],
    ['odata4', 'Welcome', 'LegacyResponseError'],
  ] as const)('%s: an answer that is none is an error: %s', async (dialect, text, name) => {
    const server = await serve((_request, response) => {
      response.writeHead(200).end(text);
    });
    const client = connect(`${server.root}/OrganizationData.svc`, dialect);
    await expect(client.whoAmI()).rejects.toMatchObject({ name });
  });
});

test.each([
  ['odata4', '{"@odata.context":"x","value":[]}', 'application/json'],
  ['odata2', '{"d":{"EntitySets":[]}}', 'application/json'],
  [
    'odata2',
    '<?xml version="1.0"?><service xmlns="http://www.w3.org/2007/app"><workspace/></service>',
    'application/atomsvc+xml',
  ],
] as const)('%s answers with its service document: %s', async (dialect, text, type) => {
  const server = await serve(({ url }, response) => {
    if (url === '/service/') response.writeHead(200, { 'Content-Type': type }).end(text);
    else json(response, {}, { status: 404 });
  });
  await expect(connect(server.root, dialect).whoAmI()).resolves.toEqual({
    ...{ userId: null, businessUnitId: null, organizationId: null },
  });
});
