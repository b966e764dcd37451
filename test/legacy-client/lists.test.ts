import type { ServerResponse } from 'node:http';
import { LegacyRequestError, LegacyResponseError } from '../../legacy-client';
import type { LegacyClientOptions, LegacyEntity, LegacyRecord } from '../../legacy-client';
import { account, dataverseAccount, employees, guid, key, name, product, sector } from './entities';
import { json, type Received, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

let server: ScriptedServer;
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}) {
  return openClient({ baseUrl: server.root, dialect: 'dynamics2011', ...options });
}

const keys = (records: readonly LegacyRecord[]): string[] => records.map((record) => record.key);
const rows = (...numbers: number[]): object[] =>
  numbers.map((number) => ({ AccountId: guid(number), NumberOfEmployees: number }));

/** Answers a v2 request for keys with the records of those keys. */
function answerKeys({ url }: Received, response: ServerResponse): void {
  const asked = [...decodeURIComponent(url).matchAll(/AccountId eq guid'([^']+)'/g)];
  json(response, { d: { results: asked.map(([, AccountId]) => ({ AccountId })) } });
}

test('every page is followed, with the same headers', async () => {
  server.script = (_request, response, number) => {
    const next = `${server.root}/AccountSet?$skiptoken=${number}`;
    json(response, { d: { results: rows(number), ...(number < 3 ? { __next: next } : {}) } });
  };
  expect(keys(await connect().list(account))).toEqual([guid(1), guid(2), guid(3)]);
  expect(server.received.map(({ url }) => url).slice(1)).toEqual([
    '/service/AccountSet?$skiptoken=1',
    '/service/AccountSet?$skiptoken=2',
  ]);
  expect(server.received.map(({ headers }) => headers.accept)).toEqual(
    Array(3).fill('application/json'),
  );
});

test('OData v4 pages are followed, relative addresses too, with the same preference', async () => {
  server.script = (_request, response, number) => {
    const next = number === 1 ? { '@odata.nextLink': "Products?$skiptoken='%7B1%7D'" } : {};
    json(response, { value: [{ Id: guid(number) }], ...next });
  };
  const records = await connect({ dialect: 'odata4', pageSize: 1 }).list(product);
  expect(keys(records)).toEqual([guid(1), guid(2)]);
  expect(server.received[1]?.url).toBe('/service/Products?$skiptoken=%27%7B1%7D%27');
  expect(server.received[1]?.headers.prefer).toBe('odata.maxpagesize=1');
});

test('an Atom answer is followed like any other', async () => {
  server.script = (_request, response, number) => {
    const link = number === 1 ? `<link rel="next" href="AccountSet?p=2"/>` : '';
    response.writeHead(200, { 'Content-Type': 'application/atom+xml' });
    response.end(
      `<feed xmlns:m="m" xmlns:d="d"><entry><content><m:properties><d:AccountId>${guid(number)}` +
        `</d:AccountId></m:properties></content></entry>${link}</feed>`,
    );
  };
  expect(keys(await connect().list(account))).toEqual([guid(1), guid(2)]);
});

test('pages are handed out as they come, and no page is fetched in vain', async () => {
  server.script = (_request, response, number) => {
    json(response, { d: { results: rows(number), __next: `AccountSet?p=${number}` } });
  };
  const seen: string[] = [];
  for await (const page of connect().pages(account)) {
    seen.push(...keys(page));
    expect(server.received).toHaveLength(seen.length);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([guid(1), guid(2)]);
});

test('top limits across pages, and asks for nothing when it is 0', async () => {
  server.script = (_request, response, number) => {
    json(response, {
      d: { results: rows(2 * number, 2 * number + 1), __next: `AccountSet?p=${number}` },
    });
  };
  expect(keys(await connect().list(account, { top: 3 }))).toEqual([guid(2), guid(3), guid(4)]);
  expect(server.received).toHaveLength(2);
  expect(await connect().list(account, { top: 0 })).toEqual([]);
  expect(server.received).toHaveLength(2);
});

test('a record that moved to a later page comes once', async () => {
  server.script = (_request, response, number) => {
    const next = number === 1 ? { __next: 'AccountSet?p=2' } : {};
    json(response, { d: { results: rows(1, number + 1), ...next } });
  };
  expect(keys(await connect().list(account))).toEqual([guid(1), guid(2), guid(3)]);
});

test('a next page elsewhere is not followed: the login would go there', async () => {
  const elsewhere = await startServer();
  server.script = (_request, response) => {
    json(response, { d: { results: rows(1), __next: `${elsewhere.root}/AccountSet?p=2` } });
  };
  await expect(connect().list(account)).rejects.toThrow(/not the service/);
  expect(elsewhere.received).toHaveLength(0);
  await elsewhere.close();
});

test('pages that go round in a circle are an error', async () => {
  server.script = (_request, response, number) => {
    const __next = `AccountSet?p=${number % 3}`;
    json(response, { d: { results: rows(number), __next } });
  };
  await expect(connect().list(account)).rejects.toThrow(/there already/);
  expect(server.received).toHaveLength(4);
});

test('many keys are asked for below the URL limit, concurrently, each record once', async () => {
  let open = 0;
  let most = 0;
  server.script = async (request, response) => {
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 10));
    open -= 1;
    answerKeys(request, response);
  };
  const wanted = Array.from({ length: 300 }, (_, index) => guid(index + 1));
  const filter = { op: 'in', property: key, values: [...wanted, ...wanted] } as const;
  const records = await connect({ maxConcurrency: 3 }).list(account, { filter });
  expect(keys(records)).toEqual(wanted);
  expect(most).toBe(3);
  const host = server.root.length - '/service'.length;
  const lengths = server.received.map(({ url }) => host + url.length);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(2048);
  expect(Math.max(...lengths)).toBeGreaterThan(1900);
});

test('Dataverse is asked with its own function and far longer URLs', async () => {
  server.script = (_request, response) => {
    json(response, { value: [] });
  };
  const values = Array.from({ length: 300 }, (_, index) => guid(index));
  const property = { name: 'accountid', kind: 'guid' } as const;
  const query = { filter: { op: 'in', property, values } } as const;
  await connect({ dialect: 'dataverse' }).list(dataverseAccount, query);
  expect(server.received).toHaveLength(1);
  expect(server.received[0]?.url).toContain('Microsoft.Dynamics.CRM.In(');
});

test('nothing is asked for when nothing can match', async () => {
  const nothing = { op: 'in', property: key, values: [] } as const;
  const some = { op: 'eq', property: employees, value: 1 } as const;
  const client = connect();
  expect(await client.list(account, { filter: nothing })).toEqual([]);
  expect(await client.list(account, { filter: { op: 'and', filters: [some, nothing] } })).toEqual(
    [],
  );
  expect(await connect({ dialect: 'odata4' }).count(product, nothing)).toBe(0);
  expect(server.received).toHaveLength(0);
});

test('a URL that cannot be made short enough is an error before anything is sent', async () => {
  const filter = { op: 'eq', property: name, value: 'x'.repeat(2100) } as const;
  const failure: unknown = await connect()
    .list(account, { filter })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LegacyRequestError);
  expect(failure).toMatchObject({ outcome: 'refused', method: 'GET' });
  expect(String(failure)).toMatch(/takes 2048/);
  expect(String(failure)).not.toContain('xxx');
  expect(server.received).toHaveLength(0);
});

test('a wide entity is read without $select rather than with an impossible URL', async () => {
  server.script = (_request, response) => {
    json(response, { d: { results: [] } });
  };
  const properties = Array.from({ length: 150 }, (_, index) => ({
    name: `optevia_PropertyNumber${index}`,
    kind: 'string' as const,
  }));
  const wide: LegacyEntity = { ...account, properties };
  await connect().list(wide);
  expect(server.received[0]?.url).toBe('/service/AccountSet');
});

test('answers of a split are merged into the order and window that were asked for', async () => {
  server.script = ({ url }, response) => {
    const asked = [...decodeURIComponent(url).matchAll(/AccountId eq guid'\D?[0-9-]*-0*(\d+)'/g)];
    const numbers = asked.map(([, number]) => Number(number)).sort((one, other) => other - one);
    json(response, { d: { results: rows(...numbers.slice(0, 6)) } });
  };
  const values = Array.from({ length: 100 }, (_, index) => guid(index + 1));
  const records = await connect().list(account, {
    filter: { op: 'in', property: key, values },
    orderBy: [{ property: employees, direction: 'desc' }],
    skip: 2,
    top: 4,
  });
  expect(records.map((record) => record.values.NumberOfEmployees)).toEqual([98, 97, 96, 95]);
  expect(server.received.length).toBeGreaterThan(1);
  expect(server.received.every(({ url }) => /\$top=6(&|$)/.test(url))).toBe(true);
  expect(server.received.every(({ url }) => !url.includes('$skip'))).toBe(true);
});

test('an order by strings cannot be kept across a split, and that is said', async () => {
  const values = Array.from({ length: 100 }, (_, index) => guid(index + 1));
  const query = {
    filter: { op: 'in', property: sector, values },
    orderBy: [{ property: name, direction: 'asc' }],
  } as const;
  await expect(connect().list(account, query)).rejects.toThrow(/order/);
  expect(server.received).toHaveLength(0);
});

test('one failed part fails the whole list', async () => {
  server.script = (request, response, number) => {
    if (number === 2) json(response, { error: { code: '', message: 'no' } }, { status: 400 });
    else answerKeys(request, response);
  };
  const values = Array.from({ length: 200 }, (_, index) => guid(index + 1));
  const query = { filter: { op: 'in', property: key, values } } as const;
  await expect(connect().list(account, query)).rejects.toThrow(LegacyResponseError);
});

test('counts are exact or undefined', async () => {
  server.script = ({ url }, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.end(url.includes('filter') ? '5000' : '\uFEFF42');
  };
  const filter = { op: 'eq', property: employees, value: 1 } as const;
  expect(await connect({ dialect: 'odata2' }).count(product)).toBe(42);
  expect(await connect({ dialect: 'dataverse' }).count(dataverseAccount)).toBe(42);
  expect(await connect({ dialect: 'odata4' }).count(product, filter)).toBe(5000);
  expect(await connect({ dialect: 'dataverse' }).count(dataverseAccount, filter)).toBeUndefined();
  const asked = server.received.length;
  expect(await connect().count(account)).toBeUndefined();
  expect(server.received).toHaveLength(asked);
});
