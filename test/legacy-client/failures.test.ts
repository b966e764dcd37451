import net, { type AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import {
  LegacyAbortedError,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyConflictError,
  LegacyError,
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  LegacyRequestError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
} from '../../legacy-client';
import { account, dataverseAccount, guid, product } from './entities';
import { closedPort, json, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

let server: ScriptedServer;
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server.close();
});

function connect(options: Partial<LegacyClientOptions> = {}): LegacyClient {
  return openClient({
    baseUrl: server.root,
    dialect: 'dynamics2011',
    maxAttempts: 1,
    ...options,
  });
}

async function failureOf(call: Promise<unknown>): Promise<LegacyError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof LegacyError) return error;
  throw error;
}

const update = (client: LegacyClient): Promise<unknown> =>
  client.update(account, guid(1), { Name: 'Example Ltd' });

function answerWith(status: number, body: string, headers: Record<string, string> = {}): void {
  server.script = (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
}

const ownError = (code: string, value = 'Says no'): string =>
  JSON.stringify({ error: { code, message: { lang: 'en-US', value } } });

test('a refused connection was certainly not used', async () => {
  const baseUrl = `http://127.0.0.1:${await closedPort()}/service`;
  const error = await failureOf(update(connect({ baseUrl })));
  expect(error).toBeInstanceOf(LegacyUnavailableError);
  expect(error).toMatchObject({ outcome: 'refused', method: 'MERGE' });
  expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
});

test('an unknown host too', async () => {
  const error = await failureOf(update(connect({ baseUrl: 'http://crm.invalid/service' })));
  expect(error).toBeInstanceOf(LegacyUnavailableError);
  expect(error.outcome).toBe('refused');
});

test('a time-out after sending leaves the outcome unknown', async () => {
  server.script = () => undefined;
  const error = await failureOf(update(connect({ timeoutMs: 60 })));
  expect(error).toBeInstanceOf(LegacyTimeoutError);
  expect(error).toMatchObject({ outcome: 'unknown', timeoutMs: 60 });
});

test('the time limit holds for the whole answer, not only for its silence', async () => {
  server.script = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
  const error = await failureOf(connect({ timeoutMs: 80 }).get(account, guid(1)));
  expect(error).toBeInstanceOf(LegacyTimeoutError);
});

test('a time-out while connecting means that nothing was sent', async () => {
  // A TLS handshake that nobody answers: the request waits behind it.
  const sockets: net.Socket[] = [];
  const silent = net.createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const baseUrl = `https://127.0.0.1:${port}/service`;
  const client = connect({ baseUrl, timeoutMs: 60 });
  const error = await failureOf(update(client));
  expect(error).toBeInstanceOf(LegacyTimeoutError);
  expect(error.outcome).toBe('refused');
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

test.each<[string, (response: ServerResponse) => void]>([
  ['without an answer', (response) => response.destroy()],
  [
    'in the middle of a body of known length',
    (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      response.write('{"d":{"AccountId":"');
      setTimeout(() => response.destroy(), 5);
    },
  ],
  [
    'in the middle of a chunked body',
    (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"d":{"AccountId":"');
      setTimeout(() => response.destroy(), 5);
    },
  ],
  [
    'in the middle of a compressed body',
    (response) => {
      const body = gzipSync(JSON.stringify({ d: { AccountId: guid(1), Name: 'x'.repeat(5000) } }));
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      response.write(body.subarray(0, body.length / 2));
      setTimeout(() => response.destroy(), 5);
    },
  ],
])('a connection that ends %s leaves the outcome unknown', async (_case, script) => {
  server.script = (_request, response) => {
    script(response);
  };
  const error = await failureOf(update(connect()));
  expect(error).toBeInstanceOf(LegacyUnavailableError);
  expect(error.outcome).toBe('unknown');
});

test('a body that was cut off and closed cleanly is not taken for an answer', async () => {
  answerWith(200, '{"d":{"AccountId":"', { 'Content-Type': 'application/json' });
  const error = await failureOf(update(connect()));
  expect(error).toBeInstanceOf(LegacyResponseError);
  expect(error.outcome).toBe('unknown');
});

test.each<[number, new (...parts: never[]) => LegacyError, string]>([
  [400, LegacyResponseError, 'refused'],
  [401, LegacyLoginError, 'refused'],
  [403, LegacyForbiddenError, 'refused'],
  [404, LegacyResponseError, 'refused'],
  [405, LegacyResponseError, 'refused'],
  [408, LegacyResponseError, 'unknown'],
  [409, LegacyConflictError, 'refused'],
  [412, LegacyConflictError, 'refused'],
  [413, LegacyResponseError, 'refused'],
  [429, LegacyThrottledError, 'refused'],
  [500, LegacyResponseError, 'unknown'],
  [502, LegacyResponseError, 'unknown'],
  [503, LegacyResponseError, 'unknown'],
  [504, LegacyResponseError, 'unknown'],
])('%i is %p, %s', async (status, kind, outcome) => {
  answerWith(status, 'nothing to see');
  const error = await failureOf(update(connect()));
  expect(error.constructor).toBe(kind);
  expect(error.outcome).toBe(outcome);
});

test('503 with Retry-After is throttling, and certainly not applied', async () => {
  answerWith(503, '', { 'Retry-After': '7' });
  const error = await failureOf(update(connect()));
  expect(error).toBeInstanceOf(LegacyThrottledError);
  expect(error).toMatchObject({ retryAfterMs: 7000, outcome: 'refused' });
});

test.each([
  ['JSON', ownError('-2147220969', 'account With Id = … Does Not Exist')],
  [
    'XML',
    '<?xml version="1.0"?><error xmlns="m"><code>-2147220969</code><message>Does Not Exist</message></error>',
  ],
])('the own not-found answer of Dynamics 2011 as %s', async (_form, body) => {
  answerWith(404, body);
  const error = await failureOf(connect().get(account, guid(1)));
  expect(error).toBeInstanceOf(LegacyNotFoundError);
  expect(error).toMatchObject({ status: 404, code: '-2147220969', answered: true });
});

test('a 404 that does not speak of the record is no "not found"', async () => {
  for (const body of [
    '',
    '<html>URI too long</html>',
    ownError(''),
    ownError('-2147220969').slice(0, 30),
  ]) {
    answerWith(404, body);
    const error = await failureOf(connect().get(account, guid(1)));
    expect(error.constructor).toBe(LegacyResponseError);
  }
});

test('Dataverse and other servers have their own not-found answers', async () => {
  answerWith(404, '{"error":{"code":"0x80040217","message":"Does Not Exist"}}');
  const dataverse = connect({ dialect: 'dataverse' });
  expect(await failureOf(dataverse.get(dataverseAccount, guid(1)))).toBeInstanceOf(
    LegacyNotFoundError,
  );
  answerWith(404, '{"error":{"code":"0x8006088a","message":"Resource not found for the segment"}}');
  expect((await failureOf(dataverse.get(dataverseAccount, guid(1)))).constructor).toBe(
    LegacyResponseError,
  );
});

test.each([
  ['odata2', '{"error":{"code":"","message":"Not found"}}', '{"d":{"results":[]}}'],
  ['odata4', '{"error":{"code":"","message":"Not found"}}', '{"value":[]}'],
  ['odata4', '', '{"value":[]}'],
  ['odata4', 'Not found', '{"value":[]}'],
] as const)('%s: a 404 (%s) is "not found" when a list agrees', async (dialect, body, empty) => {
  server.script = ({ url }, response) => {
    const isList = url.includes('$filter');
    response.writeHead(isList ? 200 : 404).end(isList ? empty : body);
  };
  const client = connect({ dialect });
  const error = await failureOf(client.get(product, guid(1)));
  expect(error).toBeInstanceOf(LegacyNotFoundError);
  answerWith(404, body);
  const unclear = await failureOf(connect({ dialect }).get(product, guid(1)));
  expect(unclear.constructor).toBe(LegacyResponseError);
  // Once the entity set has answered, its own words are enough.
  const isOwn = body.startsWith('{');
  const again = await failureOf(client.delete(product, guid(1)));
  expect(again).toBeInstanceOf(isOwn ? LegacyNotFoundError : LegacyResponseError);
});

test('a refusal by a plug-in comes as 500 but complete: the service has answered', async () => {
  answerWith(500, ownError('-2147220891', 'Plug-in says no'));
  const error = await failureOf(update(connect()));
  expect(error).toMatchObject({ outcome: 'unknown', answered: true, code: '-2147220891' });
  expect(error.message).toContain('Plug-in says no');
  answerWith(500, '<html>Server Error</html>', { 'Content-Type': 'text/html' });
  expect(await failureOf(update(connect()))).toMatchObject({ outcome: 'unknown', answered: false });
});

test('a duplicate key is a conflict, whatever status it comes with', async () => {
  answerWith(500, ownError('-2147220937', 'Cannot insert duplicate key.'));
  const error = await failureOf(connect().create(account, { Name: 'x' }, { key: guid(1) }));
  expect(error).toBeInstanceOf(LegacyConflictError);
  expect(error).toMatchObject({ outcome: 'refused', answered: true });
});

test('an HTML page on a success leaves a write unknown', async () => {
  answerWith(200, '<html><body>Down for maintenance</body></html>', {
    'Content-Type': 'text/html',
  });
  const error = await failureOf(update(connect()));
  expect(error.constructor).toBe(LegacyResponseError);
  expect(error.outcome).toBe('unknown');
});

test('a value of the wrong shape is an error that names the property', async () => {
  server.script = (_request, response) => {
    json(response, { d: { AccountId: guid(1), Revenue: { Value: 'a lot' } } });
  };
  const error = await failureOf(connect().get(account, guid(1)));
  expect(error).toBeInstanceOf(LegacyResponseError);
  expect(error.message).toContain('Revenue');
});

test('an answer larger than the limit is given up', async () => {
  server.script = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    response.end(gzipSync(Buffer.alloc(65 * 1024 * 1024, ' ')));
  };
  const error = await failureOf(connect({ maxAttempts: 4 }).get(account, guid(1)));
  expect(error).toBeInstanceOf(LegacyResponseError);
  expect(error.message).toContain('64 MiB');
  expect(server.received).toHaveLength(1);
});

test('a redirect is reported, never followed', async () => {
  const elsewhere = await startServer();
  answerWith(302, '', { Location: `${elsewhere.root}/AccountSet?token=abc` });
  const error = await failureOf(update(connect()));
  expect(error.constructor).toBe(LegacyResponseError);
  expect(error).toMatchObject({ status: 302, outcome: 'refused' });
  expect(error.message).not.toContain('abc');
  expect(elsewhere.received).toHaveLength(0);
  await elsewhere.close();
});

test('the caller can give up: before sending nothing has happened, after it nobody knows', async () => {
  server.script = () => undefined;
  const before = connect().update(account, guid(1), { Name: 'x' }, { signal: AbortSignal.abort() });
  expect(await failureOf(before)).toMatchObject({ outcome: 'refused', name: 'LegacyAbortedError' });
  expect(server.received).toHaveLength(0);
  const controller = new AbortController();
  server.script = () => {
    controller.abort();
  };
  const after = await failureOf(
    connect().update(account, guid(1), { Name: 'x' }, { signal: controller.signal }),
  );
  expect(after).toBeInstanceOf(LegacyAbortedError);
  expect(after.outcome).toBe('unknown');
});

test('what cannot be written is refused before it is sent', async () => {
  const client = connect();
  const odd = { Nickname: 'x' };
  const calls = [
    client.update(account, guid(1), odd),
    client.create(account, odd),
    client.get(account, 'not a key'),
    client.delete(account, 'not a key'),
  ];
  for (const call of calls) {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(LegacyRequestError);
    expect(error.outcome).toBe('refused');
  }
  expect(server.received).toHaveLength(0);
});
