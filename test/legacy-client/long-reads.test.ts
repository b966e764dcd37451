import type http from 'node:http';
import {
  LegacyLoginError,
  LegacyRequestError,
  LegacyResponseError,
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  type LegacyFilter,
} from '../../legacy-client';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { dataverseAccount, guid, product } from './entities';
import {
  json,
  startServer,
  type Received,
  type Script,
  type ScriptedServer,
} from './scripted-server';
import { closingClients } from './closing-clients';

const ids = (count: number, from = 1): LegacyFilter => ({
  op: 'in',
  property: { name: 'Id', kind: 'guid' },
  values: Array.from({ length: count }, (_, index) => guid(from + index)),
});

const openClient = closingClients();
let server: ScriptedServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({ baseUrl: server.root, dialect: 'odata4', ...options });
}

/** Answer a batch with one part. */
function part(
  response: http.ServerResponse,
  { status = 200, body = '', headers = {} }: { status?: number; body?: string; headers?: object },
  whole: { status?: number; headers?: http.OutgoingHttpHeaders } = {},
): void {
  const lines = [
    ...['--b', 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', ''],
    `HTTP/1.1 ${status} Whatever`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`),
    ...['', body, '--b--', ''],
  ];
  response.writeHead(whole.status ?? 200, {
    'Content-Type': 'multipart/mixed; boundary=b',
    ...whole.headers,
  });
  response.end(lines.join('\r\n'));
}

const jsonType = { 'Content-Type': 'application/json' };
const page = (records: object[], more: object = {}): { body: string; headers: object } => ({
  body: JSON.stringify({ value: records, ...more }),
  headers: jsonType,
});
/** The read within a batch, decoded. */
const readIn = (batch: Received | undefined): string =>
  decodeURIComponent(/^GET (\S+) HTTP\/1\.1$/m.exec(batch?.body ?? '')?.[1] ?? '');

describe('a read whose URL is too long', () => {
  it('goes as the GET of a batch, with its own headers', async () => {
    server.script = (_request, response) => part(response, page([{ Id: guid(1), Name: 'A' }]));
    const exchanges: Exchange[] = [];
    const client = connect({ onExchange: (exchange) => exchanges.push(exchange) });
    const found = await client.list(product, { filter: ids(100) });
    expect(found.map(({ key }) => key)).toEqual([guid(1)]);
    const [sent] = server.received;
    expect(server.received).toHaveLength(1);
    expect(sent).toMatchObject({ method: 'POST', url: '/service/$batch' });
    expect(sent?.headers['content-type']).toMatch(/^multipart\/mixed; boundary=batch_/);
    expect(sent?.body).toContain('Accept: application/json');
    expect(readIn(sent)).toContain(`Products?$filter=Id eq ${guid(1)} or `);
    expect(readIn(sent)).toContain(`Id eq ${guid(100)}&`);
    // What is told of it is the read.
    expect(exchanges).toMatchObject([{ method: 'GET', entitySet: 'Products', status: 200 }]);
    expect(exchanges[0]?.url).toBe(`${server.root}/Products?$filter&$select`);
  });

  it('is split only where it is too long for a batch as well', async () => {
    server.script = (_request, response) => part(response, page([]));
    const client = connect();
    const requests = client.listRequests(product, { filter: ids(500) });
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.every(({ url, inBatch }) => inBatch && url.length <= 15_000)).toBe(true);
    await client.list(product, { filter: ids(500) });
    expect(server.received.map(({ url }) => url)).toEqual(requests.map(() => '/service/$batch'));
    // By itself, where it is short enough; split below the shorter limit where there is no batch.
    expect(client.listRequests(product, { filter: ids(20) })).toEqual([
      { method: 'GET', url: expect.any(String) as string },
    ]);
    const without = connect({ capabilities: { batch: false } });
    const split = without.listRequests(product, { filter: ids(100) });
    expect(split.length).toBeGreaterThan(1);
    expect(split.some(({ inBatch }) => inBatch)).toBe(false);
  });

  it('can have an order and a window that no split could have', async () => {
    server.script = (_request, response) => part(response, page([]));
    const orderBy = [{ property: { name: 'Name', kind: 'string' }, direction: 'asc' }] as const;
    const query = { filter: ids(100), orderBy, top: 5, skip: 2 };
    await connect().list(product, query);
    expect(readIn(server.received[0])).toContain('$orderby=Name');
    await expect(connect({ capabilities: { batch: false } }).list(product, query)).rejects.toThrow(
      LegacyRequestError,
    );
  });

  it('follows long next links in batches, too, and short ones as usual', async () => {
    const long = `${server.root}/Products?$skiptoken=${'x'.repeat(3000)}`;
    const answers = [
      page([{ Id: guid(1) }], { '@odata.nextLink': long }),
      page([{ Id: guid(2) }], { '@odata.nextLink': '?$skiptoken=3' }),
    ];
    server.script = (request, response, number) => {
      const answer = answers[number - 1];
      if (request.method === 'POST' && answer) part(response, answer);
      else json(response, { value: [{ Id: guid(3) }] });
    };
    const found = await connect().list(product, { filter: ids(100) });
    expect(found.map(({ key }) => key)).toEqual([guid(1), guid(2), guid(3)]);
    expect(server.received.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
    expect(server.received[1]?.body).toContain('x'.repeat(3000));
    expect(server.received[2]?.url).toBe('/service/Products?$skiptoken=3');
  });

  it('counts in a batch', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    server.script = (_request, response) => part(response, { body: '42', headers });
    await expect(connect().count(product, ids(100))).resolves.toBe(42);
    expect(server.received).toHaveLength(1);
  });
});

describe("the answer's part is the answer", () => {
  const rejected = (
    script: Script,
    options: Partial<LegacyClientOptions> = {},
  ): Promise<unknown> => {
    server.script = script;
    const list = connect({ maxAttempts: 1, ...options }).list(product, { filter: ids(100) });
    return list.then(
      () => new Error('no error'),
      (error: unknown) => error,
    );
  };

  it('a refusal is one of the read, whatever the status of the whole', async () => {
    const body = JSON.stringify({ error: { code: '0x1', message: 'No such property' } });
    for (const status of [200, 400]) {
      const error = await rejected((_request, response) => {
        part(response, { status: 400, body, headers: jsonType }, { status });
      });
      expect(error).toBeInstanceOf(LegacyResponseError);
      expect(error).toMatchObject({ status: 400, code: '0x1', method: 'GET', outcome: 'refused' });
      expect(String(error)).toContain('No such property');
      expect(String(error)).not.toContain(guid(1));
    }
  });

  it('404 in a part is none of $batch: no other way is tried', async () => {
    const error = await rejected((_request, response) => part(response, { status: 404 }));
    expect(error).toMatchObject({ status: 404 });
    expect(server.received).toHaveLength(1);
  });

  it('401 and a login page mean that the login has ended', async () => {
    const login = '<html><form><input type="password" name="p"></form></html>';
    const page401 = await rejected((_request, response) => part(response, { status: 401 }));
    const inPart = await rejected((_request, response) => {
      part(response, { body: login, headers: { 'Content-Type': 'text/html' } });
    });
    const whole = await rejected((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(login);
    });
    for (const error of [page401, inPart, whole]) expect(error).toBeInstanceOf(LegacyLoginError);
    expect(server.received).toHaveLength(3);
  });

  it('is waited for and repeated as a read is: throttled, failing, cut off', async () => {
    server.script = (_request, response, number) => {
      if (number === 1) part(response, { status: 429 }, { headers: { 'Retry-After': '0' } });
      else if (number === 2) part(response, { status: 503, headers: { 'Retry-After': '0' } });
      else if (number === 3) response.destroy();
      else part(response, page([{ Id: guid(1) }]));
    };
    await expect(connect().list(product, { filter: ids(100) })).resolves.toHaveLength(1);
    expect(server.received).toHaveLength(4);
  });

  it.each([
    ['no part', '--b--\r\n'],
    [
      'two parts',
      ['', '']
        .map(
          () =>
            '--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{"value":[]}\r\n',
        )
        .join('') + '--b--',
    ],
    [
      'a cut part',
      '--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{"value":[',
    ],
    ['a changeset', '--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--'],
    ['a part that is none', '--b\r\n\r\n{"value":[]}\r\n--b--'],
    [
      'a cut record',
      '--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"value":[\r\n--b--',
    ],
  ])('%s cannot be read', async (_name, text) => {
    const error = await rejected((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'multipart/mixed; boundary=b' }).end(text);
    });
    expect(error).toBeInstanceOf(LegacyResponseError);
    expect(String(error)).toContain('cannot be read');
    expect(server.received).toHaveLength(1);
  });
});

describe('where there is no $batch', () => {
  it.each([400, 404, 405, 415, 501])('%i: splits, and asks for none again', async (status) => {
    server.script = ({ method, url }, response) => {
      if (method === 'POST') response.writeHead(status).end();
      else
        json(response, {
          value: [{ Id: /[\da-f]{8}-[\da-f-]{27}/.exec(decodeURIComponent(url))?.[0] }],
        });
    };
    const client = connect({ maxAttempts: 1 });
    const found = await client.list(product, { filter: ids(100) });
    const requests = client.listRequests(product, { filter: ids(100) });
    expect(found).toHaveLength(requests.length);
    expect(requests.every(({ url, inBatch }) => !inBatch && url.length <= 2048)).toBe(true);
    await client.list(product, { filter: ids(100) });
    const posts = server.received.filter(({ method }) => method === 'POST');
    expect(posts).toHaveLength(1);
  });

  it('500: splits for some minutes, since that may pass', async () => {
    let isFailing = true;
    server.script = ({ method }, response) => {
      if (method !== 'POST') json(response, { value: [] });
      else if (isFailing) response.writeHead(500).end();
      else part(response, page([]));
    };
    const client = connect({ maxAttempts: 1 });
    const list = (): Promise<unknown> => client.list(product, { filter: ids(100) });
    const posts = (): number => server.received.filter(({ method }) => method === 'POST').length;
    await list();
    isFailing = false;
    await list();
    expect(posts()).toBe(1);
    const later = performance.now() + 301_000;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => later);
    try {
      await list();
    } finally {
      clock.mockRestore();
    }
    expect(posts()).toBe(2);
  });

  it('something else than parts: splits as well', async () => {
    server.script = ({ method }, response) => {
      json(response, method === 'POST' ? { responses: [] } : { value: [] });
    };
    await expect(connect().list(product, { filter: ids(100) })).resolves.toEqual([]);
    await expect(connect().count(product, ids(100))).rejects.toThrow('cannot be read');
  });

  it('a long link of the service itself is followed as it is', async () => {
    const next = `${server.root}/Products?$skiptoken=${'x'.repeat(3000)}`;
    server.script = ({ method }, response, number) => {
      if (method === 'POST') response.writeHead(404).end();
      else
        json(response, {
          value: [{ Id: guid(number) }],
          ...(number === 1 && { '@odata.nextLink': next }),
        });
    };
    await expect(connect().list(product)).resolves.toHaveLength(2);
    expect(server.received.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
  });
});

describe('on Dataverse', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
    const records = Array.from({ length: 30 }, (_, index) => ({
      AccountId: guid(index + 1),
      Name: `Imaginary ${String(index).padStart(2, '0')}`,
    }));
    await sandbox.load('account', records);
  });
  afterAll(() => sandbox.close());

  const inNames = (count: number): LegacyFilter => ({
    op: 'in',
    property: { name: 'accountid', kind: 'guid' },
    values: Array.from({ length: count }, (_, index) => guid(index + 1)),
  });

  it('a list of 1,000 keys is one request, its pages included', async () => {
    const options = { baseUrl: sandbox.urlDataverse, dialect: 'dataverse', pageSize: 20 } as const;
    const client = connect(options);
    await sandbox.clearJournal();
    const orderBy = [{ property: { name: 'name', kind: 'string' }, direction: 'desc' }] as const;
    const found = await client.list(dataverseAccount, { filter: inNames(1000), orderBy });
    expect(found).toHaveLength(30);
    expect(found[0]?.values.name).toBe('Imaginary 29');
    const entries = await sandbox.journal();
    expect(entries.map(({ method, status }) => [method, status])).toEqual([
      ['BATCH', 200],
      ['BATCH', 200],
    ]);
    const [first] = client.listRequests(dataverseAccount, { filter: inNames(1000) });
    expect(first?.inBatch).toBe(true);
    expect(first?.url.length).toBeGreaterThan(32_768);
  });
});
