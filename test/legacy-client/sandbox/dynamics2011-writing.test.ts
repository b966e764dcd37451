import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, send, type RawAnswer } from './raw-request';

let sandbox: Sandbox;
let clock = new Date('2026-11-21T12:26:26.100Z');

beforeAll(async () => {
  sandbox = await startSandbox({ now: () => clock });
});

beforeEach(async () => {
  clock = new Date('2026-11-21T12:26:26.100Z');
  await sandbox.reset();
});

afterAll(async () => {
  await sandbox.close();
});

async function create(set: string, body: unknown): Promise<RawAnswer> {
  return await send(`${sandbox.url2011}/${set}`, { method: 'POST', body });
}

async function merge(path: string, body: unknown, method = 'MERGE'): Promise<RawAnswer> {
  const headers = { 'x-http-method': method };
  return await send(`${sandbox.url2011}/${path}`, { method: 'POST', body, headers });
}

const account = (key: number): string => `AccountSet(guid'${guidOf(key)}')`;

describe('a create', () => {
  test('answers 201 with every property and where the record is', async () => {
    const answer = await create('AccountSet', { Name: '  Acme  ', AccountNumber: '' });
    const { d } = answer.json as { d: Record<string, unknown> };
    expect(answer.status).toBe(201);
    expect(d).toMatchObject({ Name: '  Acme  ', AccountNumber: null, Revenue: { Value: null } });
    expect(answer.headers.location).toBe(
      `${sandbox.url2011}/AccountSet(guid'${String(d.AccountId)}')`,
    );
  });

  test("keeps the client's key, and refuses it the second time", async () => {
    const first = await create('AccountSet', { Name: 'A', AccountId: guidOf(1).toUpperCase() });
    const second = await create('AccountSet', { Name: 'B', AccountId: guidOf(1) });
    expect(first.json).toMatchObject({ d: { AccountId: guidOf(1) } });
    expect(second.status).toBe(500);
    expect(second.json).toMatchObject({ error: { code: '-2147220937' } });
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({ Name: 'A' });
  });

  test("passes the client's key over where the service does not honour keys", async () => {
    const other = await startSandbox({ clientKeys: false });
    try {
      const body = { Name: 'A', AccountId: guidOf(1) };
      const answer = await send(`${other.url2011}/AccountSet`, { method: 'POST', body });
      expect(answer.status).toBe(201);
      expect(await other.record('account', guidOf(1))).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  test('stores what the CRM would: money rounded, dates whole, lookups by key', async () => {
    await sandbox.load('optevia_sector', [{ optevia_sectorId: guidOf(9), optevia_name: 'Food' }]);
    await create('AccountSet', {
      AccountId: guidOf(1),
      Name: 'A',
      Revenue: { Value: '10.005' },
      optevia_Rating: 1.23456,
      optevia_FoundedOn: `/Date(${String(Date.UTC(1998, 2, 1, 13))})/`,
      optevia_LastVerified: '/Date(1000999)/',
      CustomerTypeCode: { Value: 3 },
      optevia_Sector: { Id: guidOf(9) },
    });
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      Revenue: '10.01',
      optevia_Rating: '1.2346',
      optevia_FoundedOn: '1998-03-01',
      optevia_LastVerified: new Date(1000000),
      CustomerTypeCode: 3,
      optevia_Sector: guidOf(9),
      CreatedOn: new Date('2026-11-21T12:26:26Z'),
    });
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['an unknown property', { Name: 'A', Nothing: 1 }, 400, ''],
    ['a name in the wrong case', { name: 'A' }, 400, ''],
    ['a string that is too long', { Name: 'x'.repeat(161) }, 500, '-2147204303'],
    ['a missing required value', { AccountNumber: '1' }, 500, '-2147220989'],
    ['a lookup to nothing', { Name: 'A', optevia_Sector: { Id: guidOf(5) } }, 404, '-2147220969'],
    [
      'a lookup to another entity',
      { Name: 'A', optevia_Sector: { Id: guidOf(5), LogicalName: 'contact' } },
      500,
      '-2147220989',
    ],
    ['a bare null for an object', { Name: 'A', Revenue: null }, 400, ''],
    ['text for a number', { Name: 'A', NumberOfEmployees: '5' }, 400, ''],
    ['a number of more than 32 bits', { Name: 'A', NumberOfEmployees: 2 ** 31 }, 400, ''],
    ['a date before 1753', { Name: 'A', optevia_LastVerified: '/Date(-7e12)/' }, 400, ''],
    [
      'a date before 1753 ',
      { Name: 'A', optevia_LastVerified: '/Date(-7000000000000)/' },
      500,
      '-2147220935',
    ],
  ])('refuses %s', async (_what, body, status, code) => {
    const answer = await create('AccountSet', body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code } });
    expect(await sandbox.records('account')).toEqual([]);
  });

  test('of an account brings two addresses, which go with it', async () => {
    await create('AccountSet', { Name: 'A', AccountId: guidOf(1) });
    const addresses = await sandbox.records('customeraddress');
    expect(addresses.map(({ ParentId }) => ParentId)).toEqual([guidOf(1), guidOf(1)]);
    expect(addresses.map(({ AddressNumber }) => AddressNumber).sort()).toEqual([1, 2]);
    await send(`${sandbox.url2011}/${account(1)}`, { method: 'DELETE' });
    expect(await sandbox.records('customeraddress')).toEqual([]);
  });

  test('of an address is refused, with a parent and without', async () => {
    await create('AccountSet', { Name: 'A', AccountId: guidOf(1) });
    const alone = await create('CustomerAddressSet', { City: 'Nowhere' });
    const parented = await create('CustomerAddressSet', { ParentId: { Id: guidOf(1) } });
    expect(alone.status).toBe(500);
    expect(alone.text).toContain('parented');
    expect(parented.status).toBe(500);
    expect(parented.text).toContain('top-level resource');
    expect(await sandbox.records('customeraddress')).toHaveLength(2);
  });
});

describe('an update', () => {
  beforeEach(async () => {
    await sandbox.load('optevia_sector', [{ optevia_sectorId: guidOf(9), optevia_name: 'Food' }]);
    await sandbox.load('account', [
      { AccountId: guidOf(1), Name: 'A', AccountNumber: '1', optevia_Sector: guidOf(9) },
    ]);
  });

  test('by MERGE keeps the other properties and answers nothing', async () => {
    clock = new Date('2026-11-21T12:30:00.900Z');
    const answer = await merge(account(1), { Name: 'B', ModifiedOn: '/Date(0)/' });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      Name: 'B',
      AccountNumber: '1',
      CreatedOn: new Date('2026-11-21T12:26:26Z'),
      ModifiedOn: new Date('2026-11-21T12:30:00Z'),
    });
  });

  test('within the same second leaves the stamp as it was', async () => {
    const before = await sandbox.record('account', guidOf(1));
    clock = new Date('2026-11-21T12:26:26.900Z');
    await merge(account(1), { Name: 'B' });
    expect(await sandbox.record('account', guidOf(1))).toEqual({ ...before, Name: 'B' });
  });

  test('by PUT empties what it leaves out', async () => {
    expect((await merge(account(1), { Name: 'B' }, 'PUT')).status).toBe(204);
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      Name: 'B',
      AccountNumber: null,
      optevia_Sector: null,
    });
  });

  test('empties a lookup with inner nulls', async () => {
    const empty = { Id: null, LogicalName: null, Name: null };
    await merge(account(1), { optevia_Sector: empty, AccountNumber: '' });
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      optevia_Sector: null,
      AccountNumber: null,
    });
  });

  test.each([
    ['a missing record', account(2), { Name: 'B' }, 404],
    ['a required property emptied', account(1), { Name: '' }, 500],
    ['another key', account(1), { AccountId: guidOf(3) }, 400],
    ['a body that is a list', account(1), [], 400],
  ])('refuses %s', async (_what, path, body, status) => {
    const before = await sandbox.records('account');
    expect((await merge(path, body)).status).toBe(status);
    expect(await sandbox.records('account')).toEqual(before);
  });

  test('by PATCH is not known to this face', async () => {
    const url = `${sandbox.url2011}/${account(1)}`;
    expect((await send(url, { method: 'PATCH', body: { Name: 'B' } })).status).toBe(405);
  });

  test('must come as JSON', async () => {
    const url = `${sandbox.url2011}/${account(1)}`;
    const headers = { 'content-type': 'text/plain' };
    expect((await send(url, { method: 'MERGE', body: {}, headers })).status).toBe(415);
  });
});

test('a delete answers 204, and 404 with the code of the CRM the second time', async () => {
  await sandbox.load('account', [{ AccountId: guidOf(1), Name: 'A' }]);
  const url = `${sandbox.url2011}/${account(1)}`;
  expect((await send(url, { method: 'DELETE' })).status).toBe(204);
  const again = await send(url, { method: 'DELETE' });
  expect([again.status, again.json]).toMatchObject([404, { error: { code: '-2147220969' } }]);
});

test('a plug-in changes what is written, or refuses it', async () => {
  const trimmed = await startSandbox({
    onWrite: (logicalName, values) => {
      if (values.Name === 'forbidden') throw new Error('This name is not allowed');
      if (logicalName !== 'account' || typeof values.Name !== 'string') return values;
      return { ...values, Name: values.Name.trim() };
    },
  });
  try {
    const url = `${trimmed.url2011}/AccountSet`;
    const taken = await send(url, { method: 'POST', body: { Name: ' A ' } });
    const refused = await send(url, { method: 'POST', body: { Name: 'forbidden' } });
    expect(taken.json).toMatchObject({ d: { Name: 'A' } });
    expect(refused.status).toBe(500);
    expect(refused.text).toContain('This name is not allowed');
  } finally {
    await trimmed.close();
  }
});
