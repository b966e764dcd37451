import {
  type DialectName,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyConflictError,
  type LegacyLink,
  LegacyNotFoundError,
  LegacyRequestError,
  LegacyResponseError,
  LegacyUnavailableError,
} from '../../legacy-client';
import { createDialect } from '../../legacy-client/dialects';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { dataverseAccount, guid } from './entities';
import { json, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

const openClient = closingClients();

function connect(
  baseUrl: string,
  dialect: DialectName,
  options: Partial<LegacyClientOptions> = {},
): LegacyClient {
  return openClient({ baseUrl, dialect, maxAttempts: 1, ...options });
}

const products: LegacyLink = {
  from: { entitySet: 'Categories' },
  to: { entitySet: 'Products' },
  navigation: 'Products',
};
const link2011: LegacyLink = {
  from: { entitySet: 'AccountSet' },
  to: { entitySet: 'optevia_sectorSet' },
  navigation: 'optevia_account_sector',
};
const linkDataverse: LegacyLink = {
  from: { entitySet: 'accounts' },
  to: { entitySet: 'optevia_sectors' },
  navigation: 'optevia_account_sector',
};
const keys = { from: guid(1), to: guid(9) };

describe('the spelling of', () => {
  const root = 'https://crm.example/service';

  test('OData v2', () => {
    const dialect = createDialect('odata2');
    expect(dialect.associate(products, keys, root)).toMatchObject({
      method: 'POST',
      path: `Categories(guid'${guid(1)}')/$links/Products`,
      headers: { 'Content-Type': 'application/json; charset=utf-8', DataServiceVersion: '2.0' },
      body: { uri: `${root}/Products(guid'${guid(9)}')` },
    });
    expect(dialect.disassociate(products, keys, root)).toEqual({
      method: 'DELETE',
      path: `Categories(guid'${guid(1)}')/$links/Products(guid'${guid(9)}')`,
      headers: {
        Accept: 'application/json',
        DataServiceVersion: '2.0',
        MaxDataServiceVersion: '2.0',
      },
    });
  });

  test('OData v4', () => {
    const dialect = createDialect('odata4');
    expect(dialect.associate(products, keys, root)).toMatchObject({
      method: 'POST',
      path: `Categories(${guid(1)})/Products/$ref`,
      body: { '@odata.id': `${root}/Products(${guid(9)})` },
    });
    expect(dialect.disassociate(products, keys, root)).toMatchObject({
      method: 'DELETE',
      path: `Categories(${guid(1)})/Products/$ref?$id=https://crm.example/service/Products(${guid(9)})`,
    });
  });

  test('Dataverse', () => {
    const dialect = createDialect('dataverse');
    expect(dialect.associate(linkDataverse, keys, root)).toMatchObject({
      path: `accounts(${guid(1)})/optevia_account_sector/$ref`,
      body: { '@odata.id': `${root}/optevia_sectors(${guid(9)})` },
    });
    expect(dialect.disassociate(linkDataverse, keys, root).path).toBe(
      `accounts(${guid(1)})/optevia_account_sector(${guid(9)})/$ref`,
    );
  });
});

test.each([
  ['a key', products, { ...keys, to: "1') or (1 eq 1" }],
  ['another key', products, { ...keys, from: 'x' }],
  ['a navigation property', { ...products, navigation: 'Products/$ref?$id=' }, keys],
])('%s that would be another address is not sent', async (_what, link, of) => {
  for (const dialect of ['dynamics2011', 'odata2', 'odata4', 'dataverse'] as const) {
    const client = connect('http://127.0.0.1:9', dialect);
    await expect(client.associate(link, of)).rejects.toThrow(LegacyRequestError);
    await expect(client.disassociate(link, of)).rejects.toThrow(LegacyRequestError);
  }
});

describe.each([
  ['dynamics2011', link2011],
  ['dataverse', linkDataverse],
] as const)('against the sandbox, %s', (dialect, link) => {
  let sandbox: Sandbox;
  const client = (options?: Partial<LegacyClientOptions>): LegacyClient =>
    connect(dialect === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011, dialect, options);

  beforeAll(async () => {
    sandbox = await startSandbox();
  });

  beforeEach(async () => {
    await sandbox.reset();
    await sandbox.load('optevia_sector', [{ optevia_sectorId: guid(9), optevia_name: 'Food' }]);
    await sandbox.load('account', [{ AccountId: guid(1), Name: 'A' }]);
  });

  afterAll(async () => {
    await sandbox.close();
  });

  const linked = async (): Promise<unknown[]> =>
    (await sandbox.records('optevia_account_sector')).map(({ accountid, optevia_sectorid }) => [
      accountid,
      optevia_sectorid,
    ]);

  test('links and takes the link away, from either end', async () => {
    await client().associate(link, keys);
    expect(await linked()).toEqual([[guid(1), guid(9)]]);
    const back = { ...link, from: link.to, to: link.from };
    await client().disassociate(back, { from: guid(9), to: guid(1) });
    expect(await linked()).toEqual([]);
    await client().associate(back, { from: guid(9), to: guid(1) });
    expect(await linked()).toEqual([[guid(1), guid(9)]]);
    await client().disassociate(link, keys);
    expect(await linked()).toEqual([]);
  });

  test('a link that was there before is a conflict, told at once', async () => {
    await client().associate(link, keys);
    const again = client({ maxAttempts: 4 }).associate(link, keys);
    await expect(again).rejects.toThrow(LegacyConflictError);
    await expect(again).rejects.toMatchObject({ outcome: 'refused', method: 'POST' });
    expect(await sandbox.journal()).toHaveLength(2);
  });

  test('what is not there', async () => {
    const missing = { ...keys, to: guid(7) };
    await expect(client().associate(link, missing)).rejects.toThrow(LegacyNotFoundError);
    await expect(client().disassociate(link, missing)).rejects.toThrow(LegacyNotFoundError);
    await expect(client().disassociate(link, keys)).rejects.toThrow(LegacyNotFoundError);
  });

  test('a link whose first answer was lost is made once, and counts as made', async () => {
    await sandbox.loseResponse({ method: 'POST' });
    const onRepeat = jest.fn();
    await client({ maxAttempts: 4 }).associate(link, keys, { onRepeat });
    expect(onRepeat).toHaveBeenCalledTimes(1);
    expect(await linked()).toHaveLength(1);
    expect((await sandbox.journal()).map(({ applied }) => applied)).toEqual([true, false]);
  });

  test('after throttling a conflict stays one', async () => {
    await client().associate(link, keys);
    await sandbox.throttle({ retryAfterSeconds: 0 });
    const again = client({ maxAttempts: 4 }).associate(link, keys);
    await expect(again).rejects.toThrow(LegacyConflictError);
  });

  test('a removal whose answer is lost is not repeated', async () => {
    await client().associate(link, keys);
    await sandbox.loseResponse({ method: 'DELETE' });
    const removal = client({ maxAttempts: 4 }).disassociate(link, keys);
    await expect(removal).rejects.toThrow(LegacyUnavailableError);
    await expect(removal).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await linked()).toEqual([]);
    expect(await sandbox.journal()).toHaveLength(2);
  });

  test('a failure of the service leaves the outcome unknown', async () => {
    await sandbox.failNext({ afterApplying: true, times: 2 });
    const failed = client().associate(link, keys);
    await expect(failed).rejects.toThrow(LegacyResponseError);
    await expect(failed).rejects.toMatchObject({ outcome: 'unknown', status: 500 });
    await expect(client().disassociate(link, keys)).rejects.toMatchObject({ outcome: 'unknown' });
  });

  if (dialect === 'dataverse') {
    test('links are a part of batches, with the records that they link', async () => {
      const batch = [
        {
          kind: 'create',
          entity: dataverseAccount,
          key: guid(2),
          values: { name: 'B' },
        },
        { kind: 'associate', link, from: guid(2), to: guid(9) },
        { kind: 'associate', link, from: guid(1), to: guid(9) },
        { kind: 'disassociate', link, from: guid(1), to: guid(9) },
      ] as const;
      expect(await client().batch(batch)).toMatchObject([{ key: guid(2) }, {}, {}, {}]);
      expect(await linked()).toEqual([[guid(2), guid(9)]]);
      const again = client().batch(batch.slice(1, 2));
      await expect(again).rejects.toThrow(LegacyConflictError);
      await expect(again).rejects.toMatchObject({
        index: 0,
        method: 'POST',
        url: `${sandbox.urlDataverse}/accounts(${guid(2)})/optevia_account_sector/$ref`,
      });
      const gone = client().batch(batch.slice(2).reverse());
      await expect(gone).rejects.toThrow(LegacyNotFoundError);
      await expect(gone).rejects.toMatchObject({ index: 0, method: 'DELETE' });
      const evil = client().batch([{ ...batch[1], from: 'x' }]);
      await expect(evil).rejects.toMatchObject({ name: 'LegacyRequestError', index: 0 });
    });
  }
});

describe('a server that takes no write without a condition', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await startServer();
  });

  afterEach(async () => {
    await server.close();
  });

  test('gets a refused batch again, and the next one with conditions at once', async () => {
    server.script = ({ body }, response) => {
      const conditions = body.match(/If-Match: \*/g) ?? [];
      if (conditions.length < 2) {
        json(response, { error: { code: '', message: 'If-Match' } }, { status: 428 });
        return;
      }
      const ids = [...body.matchAll(/Content-ID: (\d)/g)].map(([, id]) => id ?? '');
      const parts = ids.map(
        (id) =>
          '--c\r\nContent-Type: application/http\r\n' +
          `Content-ID: ${id}\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n`,
      );
      response.writeHead(200, { 'Content-Type': 'multipart/mixed; boundary=b' });
      response.end(
        `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${parts.join('')}--c--\r\n--b--`,
      );
    };
    const client = connect(server.root, 'odata4');
    const entity = { entitySet: 'Products', key: 'Id', properties: [] };
    const operations = [
      { kind: 'delete', entity, key: guid(1) },
      { kind: 'delete', entity, key: guid(2) },
    ] as const;
    expect(await client.batch(operations)).toEqual([{}, {}]);
    expect(server.received).toHaveLength(2);
    expect(await client.batch(operations)).toEqual([{}, {}]);
    expect(server.received).toHaveLength(3);
  });
});
