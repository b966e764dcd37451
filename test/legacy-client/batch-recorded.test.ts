import nock from 'nock';
import {
  type DialectName,
  type Exchange,
  type LegacyClient,
  type LegacyLink,
  LegacyRequestError,
} from '../../legacy-client';
import { account, dataverseAccount, guid, product } from './entities';
import { closingClients } from './closing-clients';

const HOST = 'https://crm.example';
const ROOT = `${HOST}/api/data/v9.2`;

const openClient = closingClients();
let exchanges: Exchange[];

function connect(dialect: DialectName, maxBatch?: number): LegacyClient {
  return openClient({
    baseUrl: ROOT,
    dialect,
    onExchange: (exchange) => exchanges.push(exchange),
    ...(maxBatch === undefined ? {} : { capabilities: { maxBatch } }),
  });
}

beforeAll(() => {
  nock.disableNetConnect();
});

beforeEach(() => {
  exchanges = [];
});

afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});

afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

/** What was sent, with plain delimiters in place of the random ones. */
let sent: string[];

/** Answer the next batch with the answers to its changeset's requests. */
function expectBatch(reqheaders: Record<string, string>, status: number, answers: string[]): void {
  const changeset = answers.map((answer) => `--c\r\n${answer}\r\n`).join('');
  const body =
    '--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n' + `${changeset}--c--\r\n--b--\r\n`;
  nock(HOST, {
    reqheaders: { 'content-type': /^multipart\/mixed; boundary=batch_\S+$/, ...reqheaders },
  })
    .post('/api/data/v9.2/$batch', (written: string) => {
      sent = written.replace(/_[0-9a-f-]{36}/g, '').split('\r\n');
      return true;
    })
    .reply(status, body, { 'Content-Type': 'multipart/mixed; boundary=b' });
}

function part(id: number, ...lines: string[]): string {
  const head = ['Content-Type: application/http', 'Content-Transfer-Encoding: binary'];
  return [...head, `Content-ID: ${id}`, '', ...lines].join('\r\n');
}

test('OData v2: MERGE as a method, addresses below the root, answers in any order', async () => {
  const headers = {
    accept: 'multipart/mixed',
    dataserviceversion: '2.0',
    maxdataserviceversion: '2.0',
  };
  expectBatch(headers, 202, [
    part(3, 'HTTP/1.1 204 No Content', '', ''),
    part(2, 'HTTP/1.1 204 No Content', 'DataServiceVersion: 1.0', '', ''),
    part(
      1,
      'HTTP/1.1 201 Created',
      'Content-Type: application/json',
      '',
      JSON.stringify({ d: { Id: guid(1), Name: 'Tea', Price: '1.50', SupplierId: null } }),
    ),
  ]);
  const results = await connect('odata2').batch([
    { kind: 'create', entity: product, key: guid(1), values: { Name: 'Tea', Price: '1.50' } },
    { kind: 'update', entity: product, key: guid(2), changes: { Name: 'Tee' }, ifMatch: 'W/"7"' },
    { kind: 'delete', entity: product, key: guid(3), ifMatch: '*' },
  ]);
  expect(results).toMatchObject([{ key: guid(1), record: { values: { Name: 'Tea' } } }, {}, {}]);
  expect(sent).toEqual([
    '--batch',
    'Content-Type: multipart/mixed; boundary=changeset',
    '',
    '--changeset',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    'Content-ID: 1',
    '',
    'POST Products HTTP/1.1',
    'Accept: application/json',
    'DataServiceVersion: 2.0',
    'MaxDataServiceVersion: 2.0',
    'Content-Type: application/json; charset=utf-8',
    'Content-Length: 73',
    '',
    `{"Id":"${guid(1)}","Name":"Tea","Price":"1.50"}`,
    '--changeset',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    'Content-ID: 2',
    '',
    `MERGE Products(guid'${guid(2)}') HTTP/1.1`,
    'Accept: application/json',
    'DataServiceVersion: 2.0',
    'MaxDataServiceVersion: 2.0',
    'Content-Type: application/json; charset=utf-8',
    'If-Match: W/"7"',
    'Content-Length: 14',
    '',
    '{"Name":"Tee"}',
    '--changeset',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    'Content-ID: 3',
    '',
    `DELETE Products(guid'${guid(3)}') HTTP/1.1`,
    'Accept: application/json',
    'DataServiceVersion: 2.0',
    'MaxDataServiceVersion: 2.0',
    'If-Match: *',
    '',
    '',
    '--changeset--',
    '',
    '--batch--',
    '',
  ]);
  expect(exchanges).toMatchObject([{ method: 'POST', entitySet: '$batch', status: 202 }]);
});

test('OData v4: PATCH, and the key of a created record from where the answer puts it', async () => {
  expectBatch({ accept: 'multipart/mixed', 'odata-version': '4.0' }, 200, [
    part(1, 'HTTP/1.1 204 No Content', `OData-EntityId: ${ROOT}/Products(${guid(1)})`, '', ''),
    part(2, 'HTTP/1.1 204 No Content', '', ''),
  ]);
  const results = await connect('odata4').batch([
    { kind: 'create', entity: product, values: { Price: '922337203685477.5807' } },
    { kind: 'update', entity: product, key: guid(2), changes: { Name: 'Tee' } },
  ]);
  expect(results).toEqual([{ key: guid(1) }, {}]);
  expect(sent).toContain('POST Products HTTP/1.1');
  expect(sent).toContain('{"Price":922337203685477.5807}');
  expect(sent).toContain(`PATCH Products(${guid(2)}) HTTP/1.1`);
});

test('Dataverse: absolute paths, every part asking for its record, nothing overwritten', async () => {
  const row = { accountid: guid(1), name: 'Example Ltd', '@odata.etag': 'W/"5"' };
  expectBatch({ accept: 'application/json', 'if-none-match': 'null' }, 200, [
    part(1, 'HTTP/1.1 201 Created', 'Content-Type: application/json', '', JSON.stringify(row)),
    part(3, 'HTTP/1.1 200 OK', '', JSON.stringify({ ...row, accountid: guid(2) })),
    part(4, 'HTTP/1.1 204 No Content', '', ''),
  ]);
  const results = await connect('dataverse').batch([
    { kind: 'create', entity: dataverseAccount, key: guid(1), values: { name: 'Example Ltd' } },
    { kind: 'update', entity: dataverseAccount, key: guid(9), changes: {} },
    { kind: 'update', entity: dataverseAccount, key: guid(2), changes: { name: 'Example Ltd' } },
    { kind: 'delete', entity: dataverseAccount, key: guid(3) },
  ]);
  expect(results).toMatchObject([
    { key: guid(1), record: { version: 'W/"5"' } },
    {},
    { record: { key: guid(2) } },
    {},
  ]);
  const requests = sent.filter((line) => line.endsWith(' HTTP/1.1'));
  expect(requests.map((line) => line.replace(/\?\S+/, ''))).toEqual([
    `PATCH /api/data/v9.2/accounts(${guid(1)}) HTTP/1.1`,
    `PATCH /api/data/v9.2/accounts(${guid(2)}) HTTP/1.1`,
    `DELETE /api/data/v9.2/accounts(${guid(3)}) HTTP/1.1`,
  ]);
  expect(sent.filter((line) => /^(Prefer|If-)/.test(line))).toEqual([
    'Prefer: return=representation',
    'If-None-Match: *',
    'Prefer: return=representation',
    'If-Match: *',
  ]);
});

test('a failing operation throws as its own method would, with its index', async () => {
  const error = { error: { code: '0x80060882', message: 'version' } };
  expectBatch({}, 412, [part(2, 'HTTP/1.1 412 Precondition Failed', '', JSON.stringify(error))]);
  const batch = connect('dataverse').batch([
    { kind: 'update', entity: dataverseAccount, key: guid(1), changes: { name: 'A' } },
    { kind: 'delete', entity: dataverseAccount, key: guid(2), ifMatch: 'W/"1"' },
  ]);
  await expect(batch).rejects.toMatchObject({
    name: 'LegacyConflictError',
    outcome: 'refused',
    index: 1,
    code: '0x80060882',
    method: 'DELETE',
    url: `${ROOT}/accounts(${guid(2)})`,
  });
  expect(exchanges).toMatchObject([{ entitySet: '$batch', status: 412, outcome: 'refused' }]);
});

describe('nothing is sent', () => {
  const update = { kind: 'update', entity: product, key: guid(1), changes: { Name: 'x' } } as const;

  test('for nothing', async () => {
    expect(await connect('dynamics2011').batch([])).toEqual([]);
    expect(await connect('odata4').batch([{ ...update, changes: {} }])).toEqual([{}]);
  });

  test('where the dialect has no batches', async () => {
    const batch = connect('dynamics2011').batch([{ ...update, entity: account }]);
    await expect(batch).rejects.toThrow(LegacyRequestError);
    await expect(batch).rejects.toThrow(/has no \$batch/);
  });

  test('for more than one changeset takes', async () => {
    const batch = connect('odata4', 2).batch([update, update, update]);
    await expect(batch).rejects.toMatchObject({ name: 'LegacyRequestError', outcome: 'refused' });
    await expect(batch).rejects.toThrow(/3 operations are more than the 2 of one changeset/);
  });

  test.each([
    ['an ETag that would be two headers', { ...update, ifMatch: 'W/"1"\r\nX-Evil: 1' }],
    ['a key that would be another address', { ...update, key: 'x) HTTP/1.1\r\nX-Evil: 1' }],
    ['an unknown property', { ...update, changes: { Nothing: 1 } }],
  ])('for %s', async (_what, operation) => {
    const batch = connect('odata4').batch([update, operation]);
    await expect(batch).rejects.toMatchObject({ name: 'LegacyRequestError', index: 1 });
  });
});

describe('links', () => {
  const link: LegacyLink = {
    from: { entitySet: 'Categories' },
    to: { entitySet: 'Products' },
    navigation: 'Products',
  };
  const keys = { from: guid(1), to: guid(2) };
  const operations = [
    { kind: 'associate', link, ...keys },
    { kind: 'disassociate', link, ...keys },
  ] as const;

  test('OData v2: $links, alone and in a changeset', async () => {
    const client = connect('odata2');
    const links = `/api/data/v9.2/Categories(guid'${guid(1)}')/$links/Products`;
    const product2 = `${ROOT}/Products(guid'${guid(2)}')`;
    nock(HOST, { reqheaders: { dataserviceversion: '2.0' } })
      .post(links, { uri: product2 })
      .reply(204);
    nock(HOST)
      .delete(`${links}(guid'${guid(2)}')`)
      .reply(204);
    await client.associate(link, keys);
    await client.disassociate(link, keys);
    expectBatch({}, 202, [
      part(1, 'HTTP/1.1 204 No Content', '', ''),
      part(2, 'HTTP/1.1 204 No Content', '', ''),
    ]);
    expect(await client.batch(operations)).toEqual([{}, {}]);
    expect(sent).toContain(`POST Categories(guid'${guid(1)}')/$links/Products HTTP/1.1`);
    expect(sent).toContain(JSON.stringify({ uri: product2 }));
    expect(sent).toContain(
      `DELETE Categories(guid'${guid(1)}')/$links/Products(guid'${guid(2)}') HTTP/1.1`,
    );
  });

  test('OData v4: $ref, alone and in a changeset', async () => {
    const client = connect('odata4');
    const reference = `/api/data/v9.2/Categories(${guid(1)})/Products/$ref`;
    const product2 = `${ROOT}/Products(${guid(2)})`;
    nock(HOST, { reqheaders: { 'odata-version': '4.0' } })
      .post(reference, { '@odata.id': product2 })
      .reply(204);
    nock(HOST).delete(reference).query({ $id: product2 }).reply(204);
    await client.associate(link, keys);
    await client.disassociate(link, keys);
    expectBatch({}, 200, [
      part(1, 'HTTP/1.1 204 No Content', '', ''),
      part(2, 'HTTP/1.1 204 No Content', '', ''),
    ]);
    expect(await client.batch(operations)).toEqual([{}, {}]);
    expect(sent).toContain(`POST Categories(${guid(1)})/Products/$ref HTTP/1.1`);
    expect(sent).toContain(`DELETE Categories(${guid(1)})/Products/$ref?$id=${product2} HTTP/1.1`);
  });
});
