import {
  type BatchOperation,
  type DialectName,
  type LegacyClient,
  type LegacyClientOptions,
  LegacyConflictError,
  LegacyError,
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyUnavailableError,
} from '../../legacy-client';
import { dataverseAccount, guid, product } from './entities';
import { json, type ScriptedServer, startServer } from './scripted-server';
import { closingClients } from './closing-clients';

let server: ScriptedServer;
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server.close();
});

function connect(
  dialect: DialectName = 'dataverse',
  options: Partial<LegacyClientOptions> = {},
): LegacyClient {
  const baseUrl = server.root;
  return openClient({ baseUrl, dialect, maxAttempts: 1, ...options });
}

const two: BatchOperation[] = [
  { kind: 'update', entity: dataverseAccount, key: guid(1), changes: { name: 'A' } },
  { kind: 'delete', entity: dataverseAccount, key: guid(2) },
];

const ok = (id: string, key = 1): string =>
  `Content-Type: application/http\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 200 OK\r\n\r\n` +
  JSON.stringify({ accountid: guid(key), name: 'A' });
const gone = (id: string): string =>
  `Content-Type: application/http\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n`;

function failed(status: number, code = '', id?: string): string {
  const name = id === undefined ? '' : `Content-ID: ${id}\r\n`;
  const body = JSON.stringify({ error: { code, message: 'no' } });
  return `Content-Type: application/http\r\n${name}\r\nHTTP/1.1 ${status} X\r\n\r\n${body}`;
}

function changeset(...parts: string[]): string {
  const inner = parts.map((part) => `--c\r\n${part}\r\n`).join('');
  return `--b\r\nContent-Type: multipart/mixed; boundary="c"\r\n\r\n${inner}--c--\r\n--b--\r\n`;
}

const bare = (part: string): string => `--b\r\n${part}\r\n--b--\r\n`;

function answer(body: string, { status = 200, type = 'multipart/mixed; boundary=b' } = {}): void {
  server.script = (_request, response) => {
    response.writeHead(status, { 'Content-Type': type }).end(body);
  };
}

async function failureOf(call: Promise<unknown>): Promise<LegacyError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof LegacyError) return error;
  throw error;
}

test('a whole answer is a success, named or in its order', async () => {
  for (const body of [
    changeset(gone('2'), ok('1')),
    changeset(ok('1'), gone('2')).replace(/Content-ID: \d\r\n/g, ''),
  ]) {
    answer(body);
    expect(await connect().batch(two)).toMatchObject([{ record: { key: guid(1) } }, {}]);
  }
});

test.each([
  ['no parts', '--b--', {}],
  ['nothing', '', {}],
  ['JSON', '{"value":[]}', { type: 'application/json' }],
  ['JSON under a multipart type', '{"value":[]}', {}],
  ['a page', '<html><body>Sign in <input type="password"></body></html>', { type: 'text/html' }],
  ['too few parts', changeset(ok('1')), {}],
  ['too many parts', changeset(ok('1'), gone('2'), gone('3')), {}],
  ['two changesets', changeset(ok('1')).replace('--b--\r\n', '') + changeset(gone('2')), {}],
  ['the same part twice', changeset(ok('1'), ok('1')), {}],
  ['a part of a stranger', changeset(ok('1'), gone('7')), {}],
  ['a part without its name', changeset(ok('1'), gone('2').replace('Content-ID: 2\r\n', '')), {}],
  ['no status line', changeset(ok('1'), gone('2').replace('HTTP/1.1 204 No Content', 'OK')), {}],
  ['a status that is none', changeset(ok('1'), gone('2').replace('204', '999')), {}],
  ['a cut answer', changeset(ok('1'), gone('2')).slice(0, -20), {}],
  ['a cut record', changeset(ok('1').slice(0, -1), gone('2')), {}],
  ['a page in a part', changeset(ok('1').replace(/\{.*/, '<html>Sign in</html>'), gone('2')), {}],
  ['another record', changeset(ok('1', 9), gone('2')), {}],
  ['success and failure together', changeset(ok('1'), failed(400, '', '2')), {}],
  ['a success outside of the changeset', bare(gone('1')), {}],
  ['an unreadable failure', '--b\r\ncut', { status: 400 }],
])('%s leaves the outcome unknown', async (_what, body, options) => {
  answer(body, options);
  const error = await failureOf(connect('dataverse', { maxAttempts: 3 }).batch(two));
  expect(error).toBeInstanceOf(LegacyResponseError);
  expect(error.outcome).toBe('unknown');
  expect(error.message).not.toMatch(/accountid|password/);
});

/** A class of errors, whatever it is made with. */
type Kind = new (...parts: never[]) => LegacyError;

test.each<[string, number, string, [Kind, string]]>([
  ['a missing record', 404, '0x80040217', [LegacyNotFoundError, 'refused']],
  ['a conflict', 412, '0x80060882', [LegacyConflictError, 'refused']],
  ['a duplicate key', 400, '0x80040237', [LegacyConflictError, 'refused']],
  ['no right to do so', 403, '', [LegacyForbiddenError, 'refused']],
  ['an ended login', 401, '', [LegacyLoginError, 'refused']],
  ['a refusal', 400, '0x80044331', [LegacyResponseError, 'refused']],
  ['too many requests', 429, '0x80072322', [LegacyThrottledError, 'refused']],
  ['a failure', 500, '', [LegacyResponseError, 'unknown']],
  ['a timeout of a proxy', 408, '', [LegacyResponseError, 'unknown']],
])('%s is the error of its operation', async (_what, status, code, [Kind, outcome]) => {
  for (const [body, index] of [
    [changeset(failed(status, code, '2')), 1],
    [bare(failed(status, code, '2')), 1],
    [bare(failed(status, code)), undefined],
    [changeset(failed(status, code), failed(status, code)), 0],
  ] as const) {
    for (const whole of [200, status]) {
      answer(body, { status: whole });
      const error = await failureOf(connect().batch(two));
      expect(error.constructor).toBe(Kind);
      expect(error).toMatchObject({ outcome, index });
    }
  }
});

test('the index is the place among the operations given, not among those sent', async () => {
  answer(changeset(failed(404, '0x80040217', '3')));
  const nothing: BatchOperation = { ...two[0], changes: {} } as BatchOperation;
  const error = await failureOf(connect().batch([nothing, ...two]));
  expect(error).toMatchObject({ index: 2, method: 'DELETE' });
});

test('one operation alone needs no Content-ID to be known', async () => {
  answer(bare(failed(412)), { status: 412 });
  expect(await failureOf(connect().batch(two.slice(1)))).toMatchObject({ index: 0 });
});

test.each<[string, number, Kind, string]>([
  ['a service without batches', 404, LegacyResponseError, 'refused'],
  ['a service that takes no such size', 413, LegacyResponseError, 'refused'],
  ['a login that has ended', 401, LegacyLoginError, 'refused'],
  ['a gateway', 502, LegacyResponseError, 'unknown'],
])('%s refuses the batch as a whole', async (_what, status, Kind, outcome) => {
  server.script = (_request, response) => {
    json(response, { error: { code: '', message: 'no' } }, { status });
  };
  const operation = { kind: 'delete', entity: product, key: guid(1) } as const;
  const error = await failureOf(connect('odata4').batch([operation]));
  expect(error.constructor).toBe(Kind);
  expect(error).toMatchObject({ outcome, index: undefined, url: `${server.root}/$batch` });
});

test.each<[string, number, Kind]>([
  ['is believed when a list does not find the record either', 200, LegacyNotFoundError],
  ['is doubted when the list fails as well', 404, LegacyResponseError],
])("a plain server's 404 for a record to delete %s", async (_what, status, Kind) => {
  server.script = ({ method }, response) => {
    const type = { 'Content-Type': 'multipart/mixed; boundary=b' };
    if (method === 'POST') response.writeHead(200, type).end(changeset(failed(404, '', '2')));
    else json(response, { value: [] }, { status });
  };
  const remove = { kind: 'delete', entity: product, key: guid(1) } as const;
  const error = await failureOf(connect('odata4').batch([remove, { ...remove, key: guid(2) }]));
  expect(error.constructor).toBe(Kind);
  expect(error).toMatchObject({ outcome: 'refused', index: 1 });
  expect(server.received.map(({ method }) => method)).toEqual(['POST', 'GET']);
});

test('a batch that may have been applied is not repeated, one that was held off is', async () => {
  server.script = (_request, response) => {
    response.destroy();
  };
  const error = await failureOf(connect('dataverse', { maxAttempts: 3 }).batch(two));
  expect(error).toBeInstanceOf(LegacyUnavailableError);
  expect(error.outcome).toBe('unknown');
  expect(server.received).toHaveLength(1);
  server.script = (_request, response, number) => {
    const type = { 'Content-Type': 'multipart/mixed; boundary=b' };
    const body = number === 2 ? changeset(failed(429, '', '1')) : changeset(ok('1'), gone('2'));
    response.writeHead(200, type).end(body);
  };
  expect(await connect('dataverse', { maxAttempts: 3 }).batch(two)).toHaveLength(2);
  expect(server.received).toHaveLength(3);
});
