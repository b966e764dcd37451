import {
  type Exchange,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyConflictError,
  LegacyResponseError,
  LegacyUnavailableError,
} from '../../legacy-client';
import { account, dataverseAccount, guid } from './entities';
import { json, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

let server: ScriptedServer;
let exchanges: Exchange[];
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer();
  exchanges = [];
});

afterEach(async () => {
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({
    baseUrl: server.root,
    dialect: 'dynamics2011',
    maxAttempts: 3,
    onExchange: (exchange) => exchanges.push(exchange),
    ...options,
  });
}

const dataverseRow = { accountid: guid(1), name: 'Example Ltd' };

test('a read is repeated after a broken connection and a failure', async () => {
  server.script = (_request, response, number) => {
    if (number === 1) response.destroy();
    else if (number === 2) response.writeHead(500).end();
    else json(response, { d: { AccountId: guid(1) } });
  };
  expect((await connect().get(account, guid(1))).key).toBe(guid(1));
  expect(exchanges.map(({ attempt, status, outcome }) => [attempt, status, outcome])).toEqual([
    [1, null, 'unknown'],
    [2, 500, 'unknown'],
    [3, 200, undefined],
  ]);
});

test('repeats end', async () => {
  server.script = (_request, response) => {
    response.writeHead(502).end();
  };
  await expect(connect().get(account, guid(1))).rejects.toThrow(LegacyResponseError);
  expect(server.received).toHaveLength(3);
});

test.each<[string, (client: LegacyClient) => Promise<unknown>]>([
  ['create', (client) => client.create(account, { Name: 'x' }, { key: guid(1) })],
  ['update', (client) => client.update(account, guid(1), { Name: 'x' })],
  ['delete', (client) => client.delete(account, guid(1))],
])('a %s is not repeated when it may have been applied', async (_call, call) => {
  server.script = (_request, response) => {
    response.destroy();
  };
  await expect(call(connect())).rejects.toThrow(LegacyUnavailableError);
  expect(server.received).toHaveLength(1);
});

test('a throttled write is repeated when its time has come, and everything else waits too', async () => {
  const times: number[] = [];
  server.script = (_request, response, number) => {
    times.push(performance.now());
    response.writeHead(number === 1 ? 429 : 204, number === 1 ? { 'Retry-After': '0.3' } : {});
    response.end();
  };
  const client = connect();
  const first = client.update(account, guid(1), { Name: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all([first, client.delete(account, guid(2))]);
  expect(times).toHaveLength(3);
  expect(Math.min(...times.slice(1)) - (times[0] ?? 0)).toBeGreaterThanOrEqual(290);
});

test('a write is repeated when the service was not even reached', async () => {
  const port = Number(new URL(server.root).port);
  const client = connect({ maxAttempts: 4 });
  await server.close();
  const update = client.update(account, guid(1), { Name: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  server = await startServer((_request, response) => {
    response.writeHead(204).end();
  }, port);
  await update;
  expect(server.received).toHaveLength(1);
  expect(exchanges.at(0)).toMatchObject({ outcome: 'refused', status: null });
});

describe('a create on Dataverse with a key of its own', () => {
  const create = (client: LegacyClient) =>
    client.create(dataverseAccount, { name: 'Example Ltd' }, { key: guid(1) });

  test('is repeated; the conflict with its own first try is looked at', async () => {
    server.script = ({ method }, response, number) => {
      if (number === 1) response.destroy();
      else if (method === 'PATCH') {
        json(response, { error: { code: '0x80040237', message: 'exists' } }, { status: 412 });
      } else json(response, dataverseRow);
    };
    const record = await create(connect({ dialect: 'dataverse' }));
    expect(record.values.name).toBe('Example Ltd');
    expect(server.received.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'GET']);
  });

  test('is a conflict at once when the key was taken before', async () => {
    server.script = (_request, response) => {
      json(response, { error: { code: '0x80040237', message: 'exists' } }, { status: 412 });
    };
    await expect(create(connect({ dialect: 'dataverse' }))).rejects.toThrow(LegacyConflictError);
    expect(server.received).toHaveLength(1);
  });

  test('is a conflict when the earlier try was certainly refused', async () => {
    server.script = (_request, response, number) => {
      if (number === 1) response.writeHead(429, { 'Retry-After': '0' }).end();
      else json(response, { error: { code: '', message: 'exists' } }, { status: 412 });
    };
    await expect(create(connect({ dialect: 'dataverse' }))).rejects.toThrow(LegacyConflictError);
    expect(server.received).toHaveLength(2);
  });

  test('stays unknown when the look fails', async () => {
    server.script = ({ method }, response, number) => {
      if (number === 1) response.destroy();
      else if (method === 'PATCH') response.writeHead(412).end();
      else response.writeHead(403).end();
    };
    await expect(create(connect({ dialect: 'dataverse' }))).rejects.toMatchObject({
      name: 'LegacyUnavailableError',
      outcome: 'unknown',
      method: 'PATCH',
    });
  });
});

test('a create whose answer has no body is read by the key that the answer names', async () => {
  server.script = ({ method }, response) => {
    const headers = { 'OData-EntityId': `${server.root}/accounts(${guid(1)})` };
    if (method === 'POST') response.writeHead(204, headers).end();
    else json(response, dataverseRow, { headers: { ETag: 'W/"5"' } });
  };
  const client = connect({ dialect: 'dataverse' });
  const record = await client.create(dataverseAccount, { name: 'Example Ltd' });
  expect(record).toMatchObject({ key: guid(1), version: 'W/"5"' });
});

test('an update answers with the record where the service sends it', async () => {
  server.script = ({ headers }, response) => {
    if (headers['x-http-method'] === 'MERGE') response.writeHead(204).end();
    else json(response, dataverseRow);
  };
  const dataverse = connect({ dialect: 'dataverse' });
  const changes = { name: 'Example Ltd' };
  expect(await dataverse.update(dataverseAccount, guid(1), changes)).toMatchObject({
    key: guid(1),
  });
  expect(await connect().update(account, guid(1), { Name: 'x' })).toBeUndefined();
  expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(changes);
  const sent = server.received.length;
  expect(await connect().update(account, guid(1), {})).toBeUndefined();
  expect(server.received).toHaveLength(sent);
});

test('an observer that throws does not disturb the request', async () => {
  server.script = (_request, response) => {
    response.writeHead(204).end();
  };
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const onExchange = (): void => {
    throw new Error('observer broke');
  };
  await connect({ onExchange }).delete(account, guid(1));
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('observer broke'));
  warn.mockRestore();
});

test('a create is not said to be refused when an earlier try had no answer', async () => {
  server.script = (_request, response, number) => {
    if (number === 1) response.destroy();
    else json(response, { error: { code: '0x1', message: 'no' } }, { status: 400 });
  };
  const client = connect({ dialect: 'dataverse' });
  const created = client.create(dataverseAccount, { name: 'Example Ltd' }, { key: guid(1) });
  await expect(created).rejects.toMatchObject({ status: 400, outcome: 'unknown' });
  server.script = (_request, response) => {
    json(response, { error: { code: '0x1', message: 'no' } }, { status: 400 });
  };
  const again = client.create(dataverseAccount, { name: 'Example Ltd' }, { key: guid(1) });
  await expect(again).rejects.toMatchObject({ status: 400, outcome: 'refused' });
});

test.each([
  ['the service itself has answered', { error: { code: '0x1', message: 'no' } }, 0],
  ['something before the service has answered', '<html></html>', 1],
])('a create is told to have a copy on its way unless %s', async (_title, failure, times) => {
  server.script = (_request, response, number) => {
    if (number === 1) json(response, failure, { status: 500 });
    else json(response, dataverseRow);
  };
  const onRepeat = jest.fn();
  const client = connect({ dialect: 'dataverse' });
  await client.create(dataverseAccount, { name: 'Example Ltd' }, { key: guid(1), onRepeat });
  expect(exchanges).toHaveLength(2);
  expect(onRepeat).toHaveBeenCalledTimes(times);
});

test('a create is not said to be refused when the service answered its first try with a failure', async () => {
  server.script = (_request, response, number) => {
    const status = number === 1 ? 500 : 400;
    json(response, { error: { code: '0x1', message: 'no' } }, { status });
  };
  const client = connect({ dialect: 'dataverse' });
  const created = client.create(dataverseAccount, { name: 'Example Ltd' }, { key: guid(1) });
  await expect(created).rejects.toMatchObject({ status: 400, outcome: 'unknown', answered: true });
});
