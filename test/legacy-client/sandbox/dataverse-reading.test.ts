import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, query, send, type RawAnswer } from './raw-request';

interface Page {
  value: Record<string, unknown>[];
  '@odata.nextLink'?: string;
  '@odata.count'?: number;
}

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ now: () => new Date('2026-11-21T12:26:26.789Z') });
  await sandbox.load('optevia_sector', [
    { optevia_sectorId: guidOf(900), optevia_name: 'Aerospace' },
    { optevia_sectorId: guidOf(901), optevia_name: 'Food' },
  ]);
  await sandbox.load('account', [
    {
      AccountId: guidOf(1),
      Name: "O'Hara & Co",
      Revenue: '1234.50',
      optevia_FoundedOn: '1998-03-01',
      optevia_Sector: guidOf(900),
      NumberOfEmployees: 5,
      CustomerTypeCode: 3,
    },
    { AccountId: guidOf(2), Name: '100% [true]', NumberOfEmployees: 5 },
    { AccountId: guidOf(3), Name: '1000 true', ParentAccountId: guidOf(1), NumberOfEmployees: 1 },
  ]);
  await sandbox.load(
    'contact',
    Array.from({ length: 5002 }, (_, index) => ({
      ContactId: guidOf(index),
      LastName: `Person ${String(index % 7)}`,
    })),
  );
});

afterAll(async () => {
  await sandbox.close();
});

async function get(path: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return await send(`${sandbox.urlDataverse}/${path}`, { headers });
}

async function names(filter: string): Promise<unknown[]> {
  const answer = await get(`accounts${query({ $filter: filter })}`);
  expect(answer.status).toBe(200);
  return (answer.json as Page).value.map(({ name }) => name);
}

describe('a record', () => {
  test('has lower-case names, a weak ETag, whole seconds and lookups by value', async () => {
    const answer = await get(`accounts(${guidOf(1)})`);
    const record = answer.json as Record<string, unknown>;
    expect(record['@odata.etag']).toMatch(/^W\/"\d+"$/);
    expect(answer.headers.etag).toBe(record['@odata.etag']);
    expect(answer.headers['odata-version']).toBe('4.0');
    expect(record).toMatchObject({
      accountid: guidOf(1),
      name: "O'Hara & Co",
      revenue: 1234.5,
      optevia_foundedon: '1998-03-01',
      modifiedon: '2026-11-21T12:26:26Z',
      customertypecode: 3,
      _optevia_sector_value: guidOf(900),
      _parentaccountid_value: null,
    });
    expect(Object.keys(record).filter((name) => name.includes('lookuplogicalname'))).toEqual([]);
  });

  test('has annotations when they are preferred', async () => {
    const one = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"';
    const some = await get(`accounts(${guidOf(1)})`, { prefer: one });
    const all = await get(`accounts(${guidOf(1)})`, { prefer: 'odata.include-annotations="*"' });
    const name = '_optevia_sector_value@Microsoft.Dynamics.CRM.lookuplogicalname';
    const formatted = '_optevia_sector_value@OData.Community.Display.V1.FormattedValue';
    expect(some.json).toHaveProperty([name], 'optevia_sector');
    expect(some.json).not.toHaveProperty([formatted]);
    expect(all.json).toHaveProperty([formatted], 'Aerospace');
  });

  test('writes decimals as strings for clients that ask', async () => {
    const accept = 'application/json;IEEE754Compatible=true';
    const answer = await get(`accounts(${guidOf(1)})?$select=revenue`, { accept });
    expect(answer.json).toMatchObject({ revenue: '1234.50' });
  });

  test('is 404 with the code of the CRM when it is missing', async () => {
    const answer = await get(`accounts(${guidOf(99)})`);
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({
      error: { code: '0x80040217', message: `account With Id = ${guidOf(99)} Does Not Exist` },
    });
  });

  test('is 304 under its own ETag, never with $expand, and "null" asks for nothing', async () => {
    const path = `accounts(${guidOf(1)})`;
    const etag = (await get(path)).headers.etag ?? '';
    const plain = await get(path, { 'if-none-match': etag });
    expect([plain.status, plain.text]).toEqual([304, '']);
    const expanded = await get(`${path}?$expand=optevia_Sector`, { 'if-none-match': etag });
    expect(expanded.status).toBe(200);
    expect((await get(path, { 'if-none-match': 'null' })).status).toBe(200);
  });

  test('brings the record behind a lookup, one level', async () => {
    const path = `accounts(${guidOf(1)})`;
    const select = '$select=name&$expand=optevia_Sector($select=optevia_name),parentaccountid';
    const record = (await get(`${path}?${select}`)).json as Record<string, unknown>;
    expect(record.parentaccountid).toBeNull();
    expect(record.optevia_Sector).toEqual({
      '@odata.etag': expect.stringMatching(/^W/),
      optevia_sectorid: guidOf(900),
      optevia_name: 'Aerospace',
    });
    expect(record).not.toHaveProperty('revenue');
  });
});

describe('pages', () => {
  async function sizes(path: string, headers: Record<string, string>): Promise<number[]> {
    const found: number[] = [];
    let next: string | undefined = `${sandbox.urlDataverse}/${path}`;
    while (next !== undefined) {
      const answer: Page = (await send(next, { headers })).json as Page;
      found.push(answer.value.length);
      next = answer['@odata.nextLink'];
    }
    return found;
  }

  test('hold 5,000 records, or as many as are preferred', async () => {
    expect(await sizes('contacts', {})).toEqual([5000, 2]);
    expect(await sizes('contacts', { prefer: 'odata.maxpagesize=2000' })).toEqual([
      2000, 2000, 1002,
    ]);
    expect(await sizes('contacts', { prefer: 'odata.maxpagesize=9000' })).toEqual([5000, 2]);
  });

  test('hold all records once under an order that is not unique', async () => {
    const seen = new Set<unknown>();
    const headers = { prefer: 'odata.maxpagesize=1000' };
    let next: string | undefined = `${sandbox.urlDataverse}/contacts?$orderby=lastname%20desc`;
    let previous = 'Z';
    while (next !== undefined) {
      const answer: Page = (await send(next, { headers })).json as Page;
      for (const { contactid, lastname } of answer.value) {
        expect(String(lastname) <= previous).toBe(true);
        previous = String(lastname);
        seen.add(contactid);
      }
      next = answer['@odata.nextLink'];
    }
    expect(seen.size).toBe(5002);
  });

  test('pass $top over under a preferred size; alone it ends the answer', async () => {
    expect(await sizes('contacts?$top=3', {})).toEqual([3]);
    expect(await sizes('contacts?$top=3', { prefer: 'odata.maxpagesize=4000' })).toEqual([
      4000, 1002,
    ]);
  });

  test('say which preference was applied', async () => {
    const { headers } = await get('accounts', { prefer: 'odata.maxpagesize=2' });
    expect(headers['preference-applied']).toBe('odata.maxpagesize=2');
  });

  test.each(['$skip=1', '$apply=x', '$top=x', '$select=Name', '$orderby=nothing'])(
    'refuse %s',
    async (option) => {
      const answer = await get(`accounts?${option}`);
      expect([answer.status, answer.json]).toMatchObject([400, { error: { code: '0x80060888' } }]);
    },
  );
});

test('counts stop at 5,000', async () => {
  const counted = (await get('contacts?$count=true&$top=1')).json as Page;
  expect(counted['@odata.count']).toBe(5000);
  expect((await get('contacts/$count')).text).toBe('5000');
  const some = await get(`contacts/$count${query({ $filter: "lastname eq 'person 1'" })}`);
  expect(some.text).toBe('715');
});

describe('filters', () => {
  const ohara = "O'Hara & Co";
  test.each([
    ["name eq 'o''HARA & co '", [ohara]],
    ["contains(name,'hara')", [ohara]],
    ["startswith(name,'100%')", ['100% [true]', '1000 true']],
    ["startswith(name,'1_00')", ['1000 true']],
    ["contains(name,'[true]')", [ohara, '100% [true]', '1000 true']],
    ["contains(name,'[[]true]')", ['100% [true]']],
    ["contains(name,'[z-a]')", []],
    ["contains(name,'[')", []],
    ["endswith(name,'e')", ['1000 true']],
    ["not contains(name,'true')", [ohara]],
    [`_optevia_sector_value eq ${guidOf(900)}`, [ohara]],
    ['_optevia_sector_value eq null and numberofemployees ge 5', ['100% [true]']],
    ['numberofemployees eq 5 and customertypecode eq 3', [ohara]],
    ['revenue gt 1234.4 and revenue le 1234.500', [ohara]],
    ['optevia_foundedon eq 1998-03-01', [ohara]],
    ['modifiedon ge 2026-11-21T12:26:26Z and modifiedon lt 2026-11-21T13:26:27+01:00', 3],
    ['modifiedon gt 2026-11-22', []],
    [
      `Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=["1000 TRUE","x"])`,
      ['1000 true'],
    ],
    [
      `Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=["${guidOf(1)}","${guidOf(3)}"])`,
      [ohara, '1000 true'],
    ],
    [
      `Microsoft.Dynamics.CRM.In(PropertyName='optevia_sector',PropertyValues=["${guidOf(900)}"])`,
      [ohara],
    ],
    [`Microsoft.Dynamics.CRM.In(PropertyName='revenue',PropertyValues=["1234.5"])`, [ohara]],
  ])('%s', async (filter, expected) => {
    const found = await names(filter);
    expect(typeof expected === 'number' ? found.length : found).toEqual(expected);
  });

  test.each([
    "substringof('x',name)",
    `name eq guid'${guidOf(1)}'`,
    `_optevia_sector_value eq '${guidOf(1)}'`,
    `optevia_Sector eq ${guidOf(1)}`,
    "Name eq 'x'",
    'year(modifiedon) eq 2026',
    `Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['x'])`,
    `Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=["x"])`,
    "name in ('a','b')",
  ])('refuses %s', async (filter) => {
    expect((await get(`accounts${query({ $filter: filter })}`)).status).toBe(400);
  });
});

test.each([
  ['accounts(12)', 400],
  ['nothings', 404],
  ['accounts/nothing', 404],
  ['$batch', 405],
])('%s is refused', async (path, status) => {
  expect((await get(path)).status).toBe(status);
});

test('URLs may have 32 KiB', async () => {
  const long = await get(`accounts${query({ $filter: `name eq '${'x'.repeat(30_000)}'` })}`);
  const tooLong = await get(`accounts${query({ $filter: `name eq '${'x'.repeat(33_000)}'` })}`);
  expect([long.status, tooLong.status]).toEqual([200, 414]);
});
