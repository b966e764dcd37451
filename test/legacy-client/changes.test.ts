import {
  createLegacyClient,
  LegacyRequestError,
  LegacyResponseError,
  LegacyTokenExpiredError,
  type ChangePage,
  type ChangesOptions,
  type LegacyClient,
  type LegacyEntity,
} from '../../legacy-client';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { account, dataverseAccount, guid } from './entities';
import { startServer, type ScriptedServer } from './scripted-server';
import { closingClients } from './closing-clients';

const openClient = closingClients();

function connect(...[options]: Parameters<typeof createLegacyClient>): LegacyClient {
  return openClient({ maxAttempts: 1, ...options });
}

async function collect(
  client: LegacyClient,
  entity: LegacyEntity,
  options?: ChangesOptions,
): Promise<{ changed: string[]; deleted: string[]; token: string; pages: ChangePage[] }> {
  const pages: ChangePage[] = [];
  for await (const page of client.changes(entity, options)) pages.push(page);
  const tokens = pages.flatMap(({ token }) => (token === undefined ? [] : [token]));
  expect(tokens).toHaveLength(1);
  expect(pages.at(-1)?.token).toBe(tokens[0]);
  return {
    changed: pages.flatMap(({ changed }) => changed.map(({ key }) => key)).sort(),
    deleted: pages.flatMap(({ deleted }) => [...deleted]).sort(),
    token: tokens[0] ?? '',
    pages,
  };
}

async function keysOf(client: LegacyClient, entity: LegacyEntity): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of client.keys(entity)) keys.push(...page);
  return keys;
}

describe('following changes in the sandbox', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  beforeEach(async () => {
    await sandbox.reset();
    await sandbox.load(
      'account',
      Array.from({ length: 7 }, (_, at) => ({ AccountId: guid(at + 1), Name: `A${at + 1}` })),
    );
  });
  afterEach(async () => {
    expect(await sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => sandbox.close());

  const guids = (...numbers: number[]): string[] => numbers.map(guid).sort();
  const dataverse = (pageSize?: number): LegacyClient =>
    connect({
      baseUrl: sandbox.urlDataverse,
      dialect: 'dataverse',
      ...(pageSize === undefined ? {} : { pageSize }),
    });

  it('tells everything, then what was created, changed and deleted, in pages', async () => {
    const client = dataverse(3);
    const all = await collect(client, dataverseAccount);
    expect(all.changed).toEqual(guids(1, 2, 3, 4, 5, 6, 7));
    expect(all.deleted).toEqual([]);
    expect(all.pages).toHaveLength(3);
    const first = all.pages[0]?.changed[0];
    expect(first).toMatchObject({ key: guid(1), values: { name: 'A1' } });
    expect(first?.version).toEqual(expect.any(String));

    for (const number of [2, 3, 4, 5]) {
      await sandbox.editAsLegacyUser('account', guid(number), { Name: `Changed ${number}` });
    }
    await sandbox.createAsLegacyUser('account', { AccountId: guid(8), Name: 'A8' });
    await sandbox.deleteAsLegacyUser('account', guid(5));
    await sandbox.deleteAsLegacyUser('account', guid(1));
    await sandbox.createAsLegacyUser('account', { AccountId: guid(9), Name: 'Never seen' });
    await sandbox.deleteAsLegacyUser('account', guid(9));
    const next = await collect(client, dataverseAccount, { since: all.token });
    expect(next.changed).toEqual(guids(2, 3, 4, 8));
    expect(next.deleted).toEqual(guids(1, 5, 9));
    expect(next.pages.length).toBeGreaterThan(1);

    const nothing = await collect(client, dataverseAccount, { since: next.token });
    expect([nothing.changed, nothing.deleted]).toEqual([[], []]);
    const again = await collect(client, dataverseAccount, { since: all.token });
    expect([again.changed, again.deleted]).toEqual([next.changed, next.deleted]);
  });

  it('tells later what was changed between the pages of the first time', async () => {
    const client = dataverse(3);
    const changed = new Set<string>();
    let token = '';
    for await (const page of client.changes(dataverseAccount)) {
      for (const { key } of page.changed) changed.add(key);
      if (changed.size === 3) {
        await sandbox.editAsLegacyUser('account', guid(1), { Name: 'Changed' });
        await sandbox.deleteAsLegacyUser('account', guid(2));
        await sandbox.createAsLegacyUser('account', { AccountId: guid(10), Name: 'New' });
      }
      token = page.token ?? token;
    }
    const next = await collect(client, dataverseAccount, { since: token });
    expect(next.changed).toEqual(guids(1, 10));
    expect(next.deleted).toEqual(guids(2));
  });

  it('says when a token is too old', async () => {
    const client = dataverse();
    const { token } = await collect(client, dataverseAccount);
    await sandbox.expireChangeTokens();
    const asking = collect(client, dataverseAccount, { since: token });
    await expect(asking).rejects.toBeInstanceOf(LegacyTokenExpiredError);
    await expect(asking).rejects.toMatchObject({ outcome: 'refused' });
    const fresh = await collect(client, dataverseAccount);
    expect((await collect(client, dataverseAccount, { since: fresh.token })).changed).toEqual([]);
  });

  it('asks neither for a filter nor for an order, and for tracking', async () => {
    const client = dataverse();
    const { token } = await collect(client, dataverseAccount);
    await sandbox.clearJournal();
    await collect(client, dataverseAccount, { since: token });
    const [entry, ...more] = await sandbox.journal();
    expect(more).toEqual([]);
    expect(entry?.url).toMatch(/^accounts\?\$select=[^$]*&\$deltatoken=/);
  });

  it('follows stamps on Dynamics 2011, with an overlap, and sweeps keys', async () => {
    const client = connect({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const old = new Date('2020-01-01T00:00:00Z');
    await sandbox.load('account', [{ AccountId: guid(20), Name: 'Old', ModifiedOn: old }]);
    await sandbox.clearJournal();
    const all = await collect(client, account);
    expect(all.changed).toEqual(guids(1, 2, 3, 4, 5, 6, 7, 20));
    // The latest stamp before, and one page.
    expect(await sandbox.journal()).toHaveLength(2);
    await sandbox.editAsLegacyUser('account', guid(20), { Name: 'Newer' });
    await sandbox.deleteAsLegacyUser('account', guid(1));
    const next = await collect(client, account, { since: all.token });
    // Within the overlap all that was loaded just now comes again.
    expect(next.changed).toEqual(guids(2, 3, 4, 5, 6, 7, 20));
    const later = new Date(Date.parse(next.token) + 1000).toISOString();
    expect((await collect(client, account, { since: later, overlapMs: 0 })).changed).toEqual([]);
    await sandbox.clearJournal();
    expect((await keysOf(client, account)).sort()).toEqual(guids(2, 3, 4, 5, 6, 7, 20));
    const [entry] = await sandbox.journal();
    expect(entry?.url).toBe('AccountSet?$select=AccountId');
  });

  it('follows stamps of an empty entity', async () => {
    await sandbox.reset();
    const client = connect({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const all = await collect(client, account);
    expect(all.changed).toEqual([]);
    await sandbox.createAsLegacyUser('account', { AccountId: guid(1), Name: 'First' });
    const next = await collect(client, account, { since: all.token });
    expect(next.changed).toEqual(guids(1));
    expect(await keysOf(client, account)).toEqual(guids(1));
  });

  it('says that an entity without stamps cannot be followed by them', async () => {
    const client = connect({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const { modifiedOn: left, ...bare } = account;
    expect(left).toBe('ModifiedOn');
    await expect(collect(client, bare)).rejects.toThrow(/no stamp of the last change/);
    await expect(collect(client, account, { since: 'yesterday?' })).rejects.toThrow(
      LegacyRequestError,
    );
  });
});

describe('feeds of other servers', () => {
  let server: ScriptedServer;
  const entity: LegacyEntity = {
    entitySet: 'Pets',
    key: 'Id',
    properties: [
      { name: 'Name', kind: 'string' },
      { name: 'Age', kind: 'integer' },
    ],
  };

  beforeAll(async () => {
    server = await startServer();
  });
  beforeEach(() => {
    server.received.length = 0;
  });
  afterAll(() => server.close());

  const following = (changes: 'delta' | 'none' = 'delta'): LegacyClient =>
    connect({ baseUrl: server.root, dialect: 'odata4', capabilities: { changes } });
  const answering = (...bodies: unknown[]): void => {
    server.script = (_request, response, number) => {
      const body = bodies[number - 1] ?? { error: { code: '', message: 'no more' } };
      response.writeHead(bodies[number - 1] === undefined ? 500 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify(body));
    };
  };

  it('reads tombstones of 4.0 and 4.01, and passes over links', async () => {
    answering({
      value: [
        { Id: guid(1), Name: 'Rex', Age: null },
        { '@odata.context': '#Pets/$deletedEntity', id: `Pets(${guid(2)})`, reason: 'deleted' },
        { '@removed': { reason: 'deleted' }, Id: guid(3) },
        { '@odata.removed': { reason: 'deleted' }, '@odata.id': `${server.root}/Pets(${guid(4)})` },
        { '@odata.context': '#Pets/$deletedLink', source: 'a', relationship: 'b', target: 'c' },
      ],
      '@odata.deltaLink': 'Pets?$deltatoken=2',
    });
    const told = await collect(following(), entity, { since: `${server.root}/Pets?$deltatoken=1` });
    expect(told.changed).toEqual([guid(1)]);
    expect(told.deleted).toEqual([2, 3, 4].map(guid));
    expect(told.token).toBe(`${server.root}/Pets?$deltatoken=2`);
    expect(server.received[0]?.headers.prefer).toContain('odata.track-changes');
  });

  it('asks for the whole of records that came in part', async () => {
    answering(
      {
        value: [
          { Id: guid(1), Age: 4 },
          { Id: guid(2), Name: 'Tom', Age: 2 },
        ],
        '@odata.deltaLink': `${server.root}/Pets?$deltatoken=2`,
      },
      { value: [{ Id: guid(1), Name: 'Rex', Age: 4 }] },
    );
    const told = await collect(following(), entity);
    const values = told.pages.flatMap(({ changed }) => changed.map((record) => record.values));
    expect(values).toEqual([
      { Name: 'Tom', Age: 2 },
      { Name: 'Rex', Age: 4 },
    ]);
    expect(server.received).toHaveLength(2);
  });

  it('reads 410 as a token that is too old', async () => {
    server.script = (_request, response) => {
      response.writeHead(410, { 'content-type': 'application/json' }).end('{}');
    };
    await expect(
      collect(following(), entity, { since: `${server.root}/Pets?$deltatoken=1` }),
    ).rejects.toBeInstanceOf(LegacyTokenExpiredError);
  });

  it('goes to no other host, whoever says so', async () => {
    const elsewhere = 'http://elsewhere.invalid/service/Pets?$deltatoken=1';
    await expect(collect(following(), entity, { since: elsewhere })).rejects.toBeInstanceOf(
      LegacyRequestError,
    );
    expect(server.received).toEqual([]);
    answering({ value: [], '@odata.deltaLink': elsewhere });
    await expect(collect(following(), entity)).rejects.toThrow(/not the service/);
    answering({ value: [], '@odata.nextLink': elsewhere });
    server.received.length = 0;
    await expect(collect(following(), entity)).rejects.toThrow(/not the service/);
    expect(server.received).toHaveLength(1);
  });

  it('says what it cannot follow', async () => {
    await expect(collect(following('none'), entity)).rejects.toThrow(/no feed of changes/);
    expect(server.received).toEqual([]);
    answering({ value: [] });
    await expect(collect(following(), entity)).rejects.toThrow(/nothing is tracked/);
    const left = { '@removed': { reason: 'changed' }, Id: guid(3) };
    server.received.length = 0;
    answering({ value: [left], '@odata.deltaLink': 'Pets?$deltatoken=2' });
    await expect(collect(following(), entity)).rejects.toBeInstanceOf(LegacyResponseError);
  });
});
