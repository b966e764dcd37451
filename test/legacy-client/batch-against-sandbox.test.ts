import {
  type BatchOperation,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyConflictError,
  LegacyNotFoundError,
  LegacyResponseError,
  LegacyUnavailableError,
} from '../../legacy-client';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { dataverseAccount, guid } from './entities';
import { closingClients } from './closing-clients';

let sandbox: Sandbox;
const openClient = closingClients();

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(async () => {
  await sandbox.reset();
  await sandbox.load('optevia_sector', [{ optevia_sectorId: guid(9), optevia_name: 'Food' }]);
  await sandbox.load('account', [
    { AccountId: guid(1), Name: 'A' },
    { AccountId: guid(2), Name: 'B' },
  ]);
});

afterAll(async () => {
  await sandbox.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  const baseUrl = sandbox.urlDataverse;
  return openClient({ baseUrl, dialect: 'dataverse', maxAttempts: 1, ...options });
}

const entity = dataverseAccount;

const create = (key: number, name: string): BatchOperation => ({
  kind: 'create',
  entity,
  key: guid(key),
  values: { name },
});

async function names(): Promise<unknown[]> {
  return (await sandbox.records('account')).map(({ Name }) => Name);
}

test('creates, updates and deletes in one request, each answered with its record', async () => {
  const results = await connect().batch([
    {
      kind: 'create',
      entity,
      key: guid(3),
      values: { name: 'Ümlaut & Söhne\r\n--batch_', revenue: '12.50', optevia_Sector: guid(9) },
    },
    { kind: 'create', entity, values: { name: 'Keyless' } },
    { kind: 'update', entity, key: guid(1), changes: { name: "O'Brien" } },
    { kind: 'update', entity, key: guid(1), changes: {} },
    { kind: 'delete', entity, key: guid(2) },
  ]);
  expect(results).toMatchObject([
    {
      key: guid(3),
      record: {
        key: guid(3),
        version: expect.stringMatching(/^W\/"\d+"$/),
        modifiedOn: expect.any(Date),
        values: { name: 'Ümlaut & Söhne\r\n--batch_', optevia_Sector: guid(9) },
      },
    },
    { key: expect.any(String), record: { values: { name: 'Keyless' } } },
    { record: { key: guid(1), values: { name: "O'Brien" } } },
    {},
    {},
  ]);
  expect(results[1]?.key).toBe(results[1]?.record?.key);
  expect((await names()).sort()).toEqual(['Keyless', "O'Brien", 'Ümlaut & Söhne\r\n--batch_']);
  const journal = await sandbox.journal();
  expect(journal).toMatchObject([{ method: 'BATCH', applied: true, status: 200 }]);
  expect(journal[0]?.parts?.map(({ method, key }) => [method, key])).toEqual([
    ['PATCH', guid(3)],
    ['POST', null],
    ['PATCH', guid(1)],
    ['DELETE', guid(2)],
  ]);
});

test('a hundred creates cost one request', async () => {
  const many = Array.from({ length: 100 }, (_none, at) => create(100 + at, `Example ${at}`));
  const results = await connect().batch(many);
  expect(results.map(({ record }) => record?.values.name)).toEqual(
    many.map((_one, at) => `Example ${at}`),
  );
  expect(await sandbox.journal()).toHaveLength(1);
});

describe('nothing is applied, and the operation is named, when', () => {
  const first = create(3, 'C');

  test.each<[string, BatchOperation, new (...parts: never[]) => Error, string]>([
    ['a key is taken', create(1, 'again'), LegacyConflictError, '0x80040237'],
    [
      'a record has changed',
      { kind: 'update', entity, key: guid(1), changes: { name: 'x' }, ifMatch: 'W/"0"' },
      LegacyConflictError,
      '0x80060882',
    ],
    [
      'a record to update is gone',
      { kind: 'update', entity, key: guid(7), changes: { name: 'x' } },
      LegacyNotFoundError,
      '0x80040217',
    ],
    [
      'a record to delete is gone',
      { kind: 'delete', entity, key: guid(7) },
      LegacyNotFoundError,
      '0x80040217',
    ],
    ['a text is too long', create(4, 'x'.repeat(161)), LegacyResponseError, '0x80044331'],
  ])('%s', async (_when, failing, Kind, code) => {
    const batch = connect().batch([first, failing, create(5, 'D')]);
    const error: unknown = await batch.catch((reason: unknown) => reason);
    expect((error as Error).constructor).toBe(Kind);
    expect(error).toMatchObject({ outcome: 'refused', index: 1, code });
    expect(await names()).toEqual(['A', 'B']);
    expect(await sandbox.journal()).toMatchObject([{ method: 'BATCH', applied: false }]);
  });
});

describe('the outcome is unknown when the answer', () => {
  const operations: BatchOperation[] = [create(3, 'C'), { kind: 'delete', entity, key: guid(2) }];

  test('is lost', async () => {
    await sandbox.loseResponse({ method: 'BATCH' });
    const batch = connect({ maxAttempts: 4 }).batch(operations);
    await expect(batch).rejects.toThrow(LegacyUnavailableError);
    await expect(batch).rejects.toMatchObject({ outcome: 'unknown', index: undefined });
    expect(await names()).toEqual(['A', 'C']);
    expect(await sandbox.journal()).toHaveLength(1);
  });

  test('is cut', async () => {
    await sandbox.truncate({ method: 'BATCH' });
    await expect(connect().batch(operations)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await names()).toEqual(['A', 'C']);
  });

  test('is a failure of the service', async () => {
    await sandbox.failNext({ method: 'BATCH', afterApplying: true });
    await expect(connect().batch(operations)).rejects.toMatchObject({
      outcome: 'unknown',
      status: 500,
    });
  });

  test('is late', async () => {
    await sandbox.delayNext({ method: 'BATCH', delayMs: 1000 });
    const batch = connect({ timeoutMs: 100 }).batch(operations);
    await expect(batch).rejects.toMatchObject({ name: 'LegacyTimeoutError', outcome: 'unknown' });
  });
});

test('a batch is sent again after throttling, as a whole or in one of its requests', async () => {
  await sandbox.throttle({ method: 'BATCH', retryAfterSeconds: 0 });
  await sandbox.throttle({ method: 'PATCH', retryAfterSeconds: 0 });
  const results = await connect({ maxAttempts: 4 }).batch([create(3, 'C')]);
  expect(results).toMatchObject([{ key: guid(3) }]);
  const journal = await sandbox.journal();
  expect(journal.map(({ status, applied }) => [status, applied])).toEqual([
    [429, false],
    [429, false],
    [200, true],
  ]);
});

test('a batch that is given up before it is sent was not applied', async () => {
  const signal = AbortSignal.abort();
  const batch = connect().batch([create(3, 'C')], { signal });
  await expect(batch).rejects.toMatchObject({ name: 'LegacyAbortedError', outcome: 'refused' });
  expect(await sandbox.journal()).toEqual([]);
});
