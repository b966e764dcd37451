import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, send, type RawAnswer, type RawRequest } from './raw-request';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(async () => {
  await sandbox.reset();
  await sandbox.load('optevia_sector', [{ optevia_sectorId: guidOf(9), optevia_name: 'Food' }]);
  await sandbox.load('account', [{ AccountId: guidOf(1), Name: 'A', optevia_Sector: guidOf(9) }]);
});

afterAll(async () => {
  await sandbox.close();
});

const returning = { prefer: 'return=representation' };

async function call(path: string, raw: RawRequest): Promise<RawAnswer> {
  return await send(`${sandbox.urlDataverse}/${path}`, raw);
}

async function patch(
  key: number,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return await call(`accounts(${guidOf(key)})`, { method: 'PATCH', body, headers });
}

async function etag(key: number): Promise<string> {
  return (await call(`accounts(${guidOf(key)})`, {})).headers.etag ?? '';
}

describe('POST', () => {
  test('answers 204 with the address, or 201 with the record', async () => {
    const plain = await call('accounts', { method: 'POST', body: { name: 'B' } });
    expect([plain.status, plain.text]).toEqual([204, '']);
    expect(plain.headers['odata-entityid']).toMatch(
      /\/api\/data\/v9\.2\/accounts\([0-9a-f-]{36}\)$/,
    );
    const full = await call('accounts', {
      method: 'POST',
      body: { name: 'C' },
      headers: returning,
    });
    expect(full.status).toBe(201);
    expect(full.headers['preference-applied']).toBe('return=representation');
    expect(full.json).toMatchObject({ name: 'C', '@odata.etag': full.headers.etag });
  });

  test('takes a key once, and 412 the second time', async () => {
    const body = { name: 'B', accountid: guidOf(2) };
    expect((await call('accounts', { method: 'POST', body })).status).toBe(204);
    const again = await call('accounts', { method: 'POST', body: { ...body, name: 'C' } });
    expect([again.status, again.json]).toMatchObject([412, { error: { code: '0x80040237' } }]);
    expect(await sandbox.record('account', guidOf(2))).toMatchObject({ Name: 'B' });
  });

  test('binds a lookup, with the service root before it or not', async () => {
    const binds = [
      `/optevia_sectors(${guidOf(9)})`,
      `${sandbox.urlDataverse}/optevia_sectors(${guidOf(9)})`,
    ];
    for (const [at, bind] of binds.entries()) {
      const body = { name: 'B', accountid: guidOf(at + 2), 'optevia_Sector@odata.bind': bind };
      expect((await call('accounts', { method: 'POST', body })).status).toBe(204);
      expect(await sandbox.record('account', guidOf(at + 2))).toMatchObject({
        optevia_Sector: guidOf(9),
      });
    }
  });

  test('takes exact decimals as strings when both sides say so', async () => {
    const headers = { 'content-type': 'application/json;IEEE754Compatible=true' };
    const body = { name: 'B', accountid: guidOf(2), revenue: '98765432109876543.21' };
    expect((await call('accounts', { method: 'POST', body, headers })).status).toBe(204);
    expect(await sandbox.record('account', guidOf(2))).toMatchObject({
      Revenue: '98765432109876543.21',
    });
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['an unknown property', { name: 'B', nothing: 1 }, 400, '0x80048d19'],
    ['a schema name', { Name: 'B' }, 400, '0x80048d19'],
    ['a lookup by value', { name: 'B', _optevia_sector_value: guidOf(9) }, 400, '0x80048d19'],
    [
      'a navigation name in the wrong case',
      { name: 'B', 'optevia_sector@odata.bind': `/optevia_sectors(${guidOf(9)})` },
      400,
      '0x80048d19',
    ],
    [
      'a bind to another set',
      { name: 'B', 'optevia_Sector@odata.bind': `/accounts(${guidOf(1)})` },
      400,
      '0x80048d19',
    ],
    [
      'a bind to nothing',
      { name: 'B', 'optevia_Sector@odata.bind': `/optevia_sectors(${guidOf(8)})` },
      404,
      '0x80040217',
    ],
    ['a decimal as text', { name: 'B', revenue: '1.5' }, 400, '0x80048d19'],
    ['a long string', { name: 'x'.repeat(161) }, 400, '0x80044331'],
    ['a missing required value', {}, 400, '0x80040203'],
  ])('refuses %s', async (_what, body, status, code) => {
    const answer = await call('accounts', { method: 'POST', body });
    expect([answer.status, answer.json]).toMatchObject([status, { error: { code } }]);
    expect(await sandbox.records('account')).toHaveLength(1);
  });
});

describe('PATCH', () => {
  test('changes what it names and moves the ETag', async () => {
    const before = await etag(1);
    const answer = await patch(1, { accountnumber: '7', revenue: 10.005 });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers['odata-entityid']).toBe(`${sandbox.urlDataverse}/accounts(${guidOf(1)})`);
    expect(await etag(1)).not.toBe(before);
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({
      Name: 'A',
      AccountNumber: '7',
      Revenue: '10.01',
    });
  });

  test('creates what is not there', async () => {
    const created = await patch(5, { name: 'New' }, returning);
    const changed = await patch(5, { name: 'Newer' }, returning);
    expect([created.status, changed.status]).toEqual([201, 200]);
    expect(changed.json).toMatchObject({ accountid: guidOf(5), name: 'Newer' });
    expect(await sandbox.records('customeraddress')).toHaveLength(2);
  });

  test('under If-None-Match: * only creates', async () => {
    const only = { 'if-none-match': '*' };
    expect((await patch(5, { name: 'New' }, only)).status).toBe(204);
    const again = await patch(5, { name: 'Other' }, only);
    expect([again.status, again.json]).toMatchObject([412, { error: { code: '0x80040237' } }]);
    expect(await sandbox.record('account', guidOf(5))).toMatchObject({ Name: 'New' });
  });

  test('under If-Match: * only updates', async () => {
    const only = { 'if-match': '*' };
    expect((await patch(1, { name: 'B' }, only)).status).toBe(204);
    expect((await patch(5, { name: 'B' }, only)).status).toBe(404);
    expect(await sandbox.record('account', guidOf(5))).toBeUndefined();
  });

  test('under an ETag changes that version only', async () => {
    const version = await etag(1);
    expect((await patch(1, { name: 'B' }, { 'if-match': version })).status).toBe(204);
    const late = await patch(1, { name: 'C' }, { 'if-match': version });
    expect([late.status, late.json]).toMatchObject([412, { error: { code: '0x80060882' } }]);
    expect(await sandbox.record('account', guidOf(1))).toMatchObject({ Name: 'B' });
  });

  test.each(['optevia_Sector@odata.bind', 'optevia_Sector'])(
    'empties a lookup by %s',
    async (name) => {
      expect((await patch(1, { [name]: null })).status).toBe(204);
      expect(await sandbox.record('account', guidOf(1))).toMatchObject({ optevia_Sector: null });
    },
  );

  test('on a lookup whose record has gone says which record is missing', async () => {
    const bind = { 'optevia_Sector@odata.bind': `/optevia_sectors(${guidOf(8)})` };
    const answer = await patch(1, bind);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain(`optevia_sector With Id = ${guidOf(8)}`);
  });
});

describe('DELETE', () => {
  test('answers 204, then 404', async () => {
    const path = `accounts(${guidOf(1)})`;
    expect((await call(path, { method: 'DELETE' })).status).toBe(204);
    expect((await call(path, { method: 'DELETE' })).status).toBe(404);
  });

  test('under an old ETag is 412', async () => {
    const version = await etag(1);
    await patch(1, { name: 'B' });
    const path = `accounts(${guidOf(1)})`;
    const headers = { 'if-match': version };
    expect((await call(path, { method: 'DELETE', headers })).status).toBe(412);
    expect(await sandbox.record('account', guidOf(1))).toBeDefined();
  });
});
