import { entityModels } from '../../../legacy-client/sandbox/entity-model';
import { exampleSchema, startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, query, send, type RawAnswer, type RawRequest } from './raw-request';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

const account = guidOf(1);
const [food, steel, wine] = [guidOf(11), guidOf(12), guidOf(13)];
const links = 'optevia_account_sector';

beforeEach(async () => {
  await sandbox.reset();
  await sandbox.load('optevia_sector', [
    { optevia_sectorId: food, optevia_name: 'Food' },
    { optevia_sectorId: steel, optevia_name: 'Steel' },
    { optevia_sectorId: wine, optevia_name: 'Wine' },
  ]);
  await sandbox.load('account', [
    { AccountId: account, Name: 'A' },
    { AccountId: guidOf(2), Name: 'B' },
  ]);
});

afterAll(async () => {
  await sandbox.close();
});

/** Both faces speak of the same links, each in its own words. */
interface Words {
  readonly root: () => string;
  readonly accounts: string;
  readonly links: string;
  readonly at: (set: string, key: string) => string;
  /** Where links of the record are added. */
  readonly collection: string;
  readonly linkTo: (key: string) => string;
  readonly sectors: string;
  readonly body: (address: string) => unknown;
  readonly codes: { readonly missing: string; readonly duplicate: string; readonly write: string };
  readonly duplicateStatus: number;
}

const crm: Words = {
  root: () => sandbox.url2011,
  accounts: 'AccountSet',
  links: 'optevia_account_sectorSet',
  at: (set, key) => `${set}(guid'${key}')`,
  collection: `$links/${links}`,
  linkTo: (key) => `$links/${links}(guid'${key}')`,
  sectors: 'optevia_sectorSet',
  body: (uri) => ({ uri }),
  codes: { missing: '-2147220969', duplicate: '-2147220937', write: '-2147219456' },
  duplicateStatus: 500,
};
const dataverse: Words = {
  root: () => sandbox.urlDataverse,
  accounts: 'accounts',
  links: 'optevia_account_sectorset',
  at: (set, key) => `${set}(${key})`,
  collection: `${links}/$ref`,
  linkTo: (key) => `${links}(${key})/$ref`,
  sectors: 'optevia_sectors',
  body: (address) => ({ '@odata.id': address }),
  codes: { missing: '0x80040217', duplicate: '0x80040237', write: '0x80040800' },
  duplicateStatus: 412,
};

async function linked(): Promise<unknown[]> {
  const all = await sandbox.records(links);
  return all.map(({ accountid, optevia_sectorid }) => [accountid, optevia_sectorid]).sort();
}

describe.each([
  ['2011', crm],
  ['Dataverse', dataverse],
])('on the face of %s', (_name, words) => {
  const call = async (path: string, raw: RawRequest = {}): Promise<RawAnswer> =>
    await send(`${words.root()}/${path}`, raw);
  const of = (key: string, rest: string): string => `${words.at(words.accounts, key)}/${rest}`;
  const sectorAddress = (key: string): string => `${words.root()}/${words.at(words.sectors, key)}`;
  const link = async (key: string, sector: string): Promise<RawAnswer> =>
    await call(of(key, words.collection), {
      method: 'POST',
      body: words.body(sectorAddress(sector)),
    });

  test('links are made and taken away from one end', async () => {
    const made = await link(account, food);
    expect([made.status, made.text]).toEqual([204, '']);
    expect((await link(account, wine)).status).toBe(204);
    expect((await link(guidOf(2), food)).status).toBe(204);
    expect(await linked()).toEqual([
      [account, food],
      [account, wine],
      [guidOf(2), food],
    ]);
    const gone = await call(of(account, words.linkTo(food)), { method: 'DELETE' });
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(await linked()).toEqual([
      [account, wine],
      [guidOf(2), food],
    ]);
    expect(await sandbox.journal()).toMatchObject([
      { method: 'POST', entitySet: words.accounts, key: account, applied: true, status: 204 },
      {},
      {},
      { method: 'DELETE', entitySet: words.accounts, key: account, applied: true },
    ]);
  });

  test('and from the other', async () => {
    const path = `${words.at(words.sectors, food)}/${words.collection}`;
    const body = words.body(`${words.root()}/${words.at(words.accounts, account)}`);
    expect((await call(path, { method: 'POST', body })).status).toBe(204);
    expect(await linked()).toEqual([[account, food]]);
    const back = `${words.at(words.sectors, food)}/${words.linkTo(account)}`;
    expect((await call(back, { method: 'DELETE' })).status).toBe(204);
    expect(await linked()).toEqual([]);
  });

  test('a link is made once', async () => {
    await link(account, food);
    const again = await link(account, food);
    expect([again.status, again.json]).toMatchObject([
      words.duplicateStatus,
      { error: { code: words.codes.duplicate } },
    ]);
    expect(await linked()).toHaveLength(1);
  });

  test('what is not there is neither linked nor taken away', async () => {
    await link(guidOf(2), food);
    for (const answer of [
      await link(guidOf(7), food),
      await link(account, guidOf(7)),
      await call(of(account, words.linkTo(food)), { method: 'DELETE' }),
      await call(of(guidOf(7), words.linkTo(food)), { method: 'DELETE' }),
      await call(of(guidOf(7), links)),
    ]) {
      expect([answer.status, answer.json]).toMatchObject([
        404,
        { error: { code: words.codes.missing } },
      ]);
    }
    expect(await linked()).toHaveLength(1);
  });

  test.each([
    ['another set', (): unknown => words.body(`${words.root()}/${words.at(words.accounts, food)}`)],
    ['no key', (): unknown => words.body(`${words.root()}/${words.sectors}`)],
    ['nothing', (): unknown => ({})],
  ])('the address of %s is refused', async (_what, body) => {
    const answer = await call(of(account, words.collection), { method: 'POST', body: body() });
    expect(answer.status).toBe(400);
    expect(await linked()).toEqual([]);
  });

  test('a relationship of another name, or case, is no resource', async () => {
    for (const name of ['optevia_other', 'Optevia_account_sector', 'Name']) {
      const path = of(account, words.collection.replace(links, name));
      const answer = await call(path, { method: 'POST', body: words.body(sectorAddress(food)) });
      expect(answer.status).toBe(404);
      expect(answer.json).not.toMatchObject({ error: { code: words.codes.missing } });
    }
  });

  test('linked records are listed, page by page, and can be filtered', async () => {
    for (const sector of [food, steel, wine]) await link(account, sector);
    const page = async (options: Record<string, string>): Promise<string[]> => {
      const { json } = await call(of(account, links) + query(options));
      const { d, value } = json as { d?: { results: unknown }; value?: unknown };
      return (d?.results ?? value) as string[];
    };
    expect(await page({ $orderby: 'optevia_name desc' })).toMatchObject([
      { optevia_name: 'Wine' },
      { optevia_name: 'Steel' },
      { optevia_name: 'Food' },
    ]);
    expect(await page({ $filter: "startswith(optevia_name,'S')" })).toMatchObject([
      { optevia_name: 'Steel' },
    ]);
    expect(await page({ $filter: "optevia_name eq 'A'" })).toEqual([]);
    await call(of(account, words.linkTo(steel)), { method: 'DELETE' });
    expect(await page({ $filter: "optevia_name eq 'Steel'" })).toEqual([]);
  });

  test('links are read as records of an entity of their own, with keys and without stamps', async () => {
    await link(account, food);
    await link(guidOf(2), wine);
    const filter = crm === words ? `accountid eq guid'${account}'` : `accountid eq ${account}`;
    const { json } = await call(words.links + query({ $filter: filter }));
    const { d, value } = json as { d?: { results: unknown[] }; value?: unknown[] };
    const [record, ...others] = (d?.results ?? value) as Record<string, unknown>[];
    expect(others).toEqual([]);
    const keyName = crm === words ? 'optevia_account_sectorId' : 'optevia_account_sectorid';
    expect(record).toMatchObject({
      [keyName]: expect.stringMatching(/^[0-9a-f-]{36}$/),
      accountid: account,
      optevia_sectorid: food,
    });
    expect(Object.keys(record ?? {}).filter((name) => /on$/i.test(name))).toEqual([]);
    const single = await call(words.at(words.links, String(record?.[keyName])));
    expect(single.status).toBe(200);
  });

  test('links are not written as records', async () => {
    await link(account, food);
    const [existing] = await sandbox.records(links);
    const at = words.at(words.links, String(existing?.optevia_account_sectorId));
    const body = { accountid: guidOf(2), optevia_sectorid: wine };
    const merge = { method: 'POST', headers: { 'x-http-method': 'MERGE' }, body };
    for (const answer of [
      await call(words.links, { method: 'POST', body }),
      await call(at, crm === words ? merge : { method: 'PATCH', body }),
      await call(at, { method: 'DELETE' }),
    ]) {
      expect([answer.status, answer.json]).toMatchObject([
        400,
        { error: { code: words.codes.write } },
      ]);
    }
    expect(await linked()).toEqual([[account, food]]);
  });

  test('a record takes its links along', async () => {
    for (const sector of [food, wine]) await link(account, sector);
    await link(guidOf(2), food);
    await call(words.at(words.accounts, account), { method: 'DELETE' });
    expect(await linked()).toEqual([[guidOf(2), food]]);
    await call(words.at(words.sectors, food), { method: 'DELETE' });
    expect(await linked()).toEqual([]);
    expect(await sandbox.record('account', guidOf(2))).toBeDefined();
  });
});

test('2011 lists the addresses behind links, and tells records of the relationship', async () => {
  const of = `${sandbox.url2011}/AccountSet(guid'${account}')`;
  await sandbox.createAsLegacyUser(links, { accountid: account, optevia_sectorid: food });
  expect((await send(`${of}/$links/${links}`)).json).toEqual({
    d: { results: [{ uri: `${sandbox.url2011}/optevia_sectorSet(guid'${food}')` }] },
  });
  expect((await send(of)).json).toMatchObject({
    d: { [links]: { __deferred: { uri: `${of}/${links}` } } },
  });
});

test('Dataverse lists references, and removes one by its address too', async () => {
  const path = `${sandbox.urlDataverse}/accounts(${account})/${links}/$ref`;
  await sandbox.createAsLegacyUser(links, { accountid: account, optevia_sectorid: food });
  const address = `${sandbox.urlDataverse}/optevia_sectors(${food})`;
  expect((await send(path)).json).toMatchObject({ value: [{ '@odata.id': address }] });
  expect((await send(path + query({ $id: address }), { method: 'DELETE' })).status).toBe(204);
  expect(await linked()).toEqual([]);
  expect((await send(path, { method: 'DELETE' })).status).toBe(400);
});

test.each([
  ['2011', (): string => `${sandbox.url2011}/AccountSet(guid'${account}')/${links}`],
  ['Dataverse', (): string => `${sandbox.urlDataverse}/accounts(${account})/${links}`],
])(
  'pages of linked records go on where the first one ended, on the face of %s',
  async (_name, path) => {
    const many = Array.from({ length: 60 }, (_none, at) => guidOf(100 + at));
    await sandbox.load(
      'optevia_sector',
      many.map((key) => ({ optevia_sectorId: key, optevia_name: 'X' })),
    );
    await sandbox.load(
      links,
      many.map((key) => ({ accountid: account, optevia_sectorid: key })),
    );
    const headers = { prefer: 'odata.maxpagesize=50' };
    const seen: unknown[] = [];
    let url: string | undefined = path();
    while (url !== undefined) {
      const { json } = await send(url, { headers });
      const {
        d,
        value,
        '@odata.nextLink': next,
      } = json as {
        d?: { results: unknown[]; __next?: string };
        value?: unknown[];
        '@odata.nextLink'?: string;
      };
      const rows = d?.results ?? value ?? [];
      expect(rows.length).toBeLessThanOrEqual(50);
      seen.push(...rows);
      url = d?.__next ?? next;
    }
    expect(new Set(seen.map((row) => (row as Record<string, unknown>).optevia_name))).toEqual(
      new Set(['X']),
    );
    expect(seen).toHaveLength(60);
  },
);

test('a changeset makes links, to what it has created as well, and takes them back', async () => {
  const inPart = (id: number, line: string, body: unknown): string =>
    [
      '--c',
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      `Content-ID: ${id}`,
      '',
      `${line} HTTP/1.1`,
      'Content-Type: application/json',
      '',
      JSON.stringify(body),
    ].join('\r\n');
  const batch = async (parts: string[]): Promise<RawAnswer> =>
    await send(`${sandbox.urlDataverse}/$batch`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/mixed; boundary=b' },
      text: [
        '--b',
        'Content-Type: multipart/mixed; boundary=c',
        '',
        ...parts,
        '--c--',
        '--b--',
      ].join('\r\n'),
    });
  const parts = [
    inPart(1, 'POST optevia_sectors', { optevia_name: 'New' }),
    inPart(2, `POST accounts(${account})/${links}/$ref`, { '@odata.id': '$1' }),
    inPart(3, `POST $1/${links}/$ref`, { '@odata.id': `accounts(${guidOf(2)})` }),
  ];
  expect((await batch(parts)).status).toBe(200);
  expect((await linked()).map((link) => (link as unknown[])[0])).toEqual([account, guidOf(2)]);
  const again = inPart(4, `POST $1/${links}/$ref`, { '@odata.id': `accounts(${guidOf(2)})` });
  const failed = await batch([...parts, again]);
  expect([failed.status, failed.text.includes('Content-ID: 4')]).toEqual([412, true]);
  expect(await linked()).toHaveLength(2);
});

describe('a schema', () => {
  const withLinks = (manyToMany: unknown): typeof exampleSchema =>
    exampleSchema.map((entity) =>
      entity.logicalName === 'contact' ? ({ ...entity, manyToMany } as typeof entity) : entity,
    );

  test('may give the links an entity of another name', () => {
    const models = entityModels(
      withLinks([{ name: 'contact_orders', to: 'salesorder', intersect: 'ContactOrders' }]),
    );
    expect(models.get('contactorders')).toMatchObject({
      setName: 'ContactOrdersSet',
      collectionName: 'contactordersset',
    });
  });

  test.each([
    ['an entity that is not there', [{ name: 'x', to: 'nothing' }], 'points to nothing'],
    ['an entity and itself', [{ name: 'x', to: 'contact' }], 'relates an entity to itself'],
    ['a name that is taken', [{ name: 'account', to: 'account' }], 'the entity account twice'],
  ])('cannot relate %s', (_what, manyToMany, message) => {
    expect(() => entityModels(withLinks(manyToMany))).toThrow(message);
  });
});
