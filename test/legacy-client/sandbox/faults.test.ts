import { request } from 'node:http';
import { startSandbox, type FailNext, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, send, type RawAnswer, type RawRequest } from './raw-request';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

beforeEach(async () => {
  await sandbox.reset();
});

afterAll(async () => {
  await sandbox.close();
});

async function create(key: number): Promise<RawAnswer> {
  const body = { Name: 'A', AccountId: guidOf(key) };
  return await send(`${sandbox.url2011}/AccountSet`, { method: 'POST', body });
}

async function list(): Promise<RawAnswer> {
  return await send(`${sandbox.url2011}/AccountSet`);
}

async function isStored(key: number): Promise<boolean> {
  return (await sandbox.record('account', guidOf(key))) !== undefined;
}

async function lastEntry(): Promise<unknown> {
  return (await sandbox.journal()).at(-1);
}

describe('failNext', () => {
  test('answers the next request in the shape of its face, nothing applied', async () => {
    await sandbox.failNext({ status: 503, code: '-1', message: 'Busy' });
    const answer = await create(1);
    expect([answer.status, answer.json]).toEqual([
      503,
      { error: { code: '-1', message: { lang: 'en-US', value: 'Busy' } } },
    ]);
    expect(await isStored(1)).toBe(false);
    expect(await lastEntry()).toMatchObject({ applied: false, status: 503 });
    expect((await create(1)).status).toBe(201);
  });

  test('answers on the Dataverse face in its shape', async () => {
    await sandbox.failNext({ code: '0x80040216', message: 'Unexpected' });
    const answer = await send(`${sandbox.urlDataverse}/accounts`);
    expect(answer.json).toEqual({ error: { code: '0x80040216', message: 'Unexpected' } });
  });

  test.each<[FailNext['form'], string, string]>([
    ['xml', 'application/xml', '<message xml:lang="en-US">a &lt; b</message>'],
    ['html', 'text/html', '<h1>a &lt; b</h1>'],
  ])('in the form %s', async (form, type, part) => {
    await sandbox.failNext({ form, message: 'a < b' });
    const answer = await list();
    expect([answer.status, answer.headers['content-type']]).toEqual([
      500,
      expect.stringContaining(type),
    ]);
    expect(answer.text).toContain(part);
  });

  test('may apply the write first', async () => {
    await sandbox.failNext({ afterApplying: true });
    expect((await create(1)).status).toBe(500);
    expect(await isStored(1)).toBe(true);
    expect(await lastEntry()).toMatchObject({ applied: true, status: 500 });
  });

  test('in the form drop closes the connection, nothing applied', async () => {
    await sandbox.failNext({ form: 'drop' });
    await expect(create(1)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(await isStored(1)).toBe(false);
    expect(await lastEntry()).toMatchObject({ applied: false, status: null });
  });
});

describe('a target', () => {
  const merge = { method: 'POST', headers: { 'x-http-method': 'MERGE' }, body: { Name: 'B' } };
  const record = (key: number): string => `${sandbox.url2011}/AccountSet(guid'${guidOf(key)}')`;

  test.each([
    ['method', { method: 'MERGE' }],
    ['key', { key: guidOf(2).toUpperCase() }],
    ['all of them', { method: 'merge', entitySet: 'accounts', key: guidOf(2) }],
  ])('by %s leaves other requests alone', async (_what, target) => {
    await sandbox.load(
      'account',
      [1, 2].map((key) => ({ AccountId: guidOf(key), Name: 'A' })),
    );
    await sandbox.failNext(target);
    expect((await send(record(1))).status).toBe(200);
    expect((await list()).status).toBe(200);
    expect((await send(record(2), merge)).status).toBe(500);
    expect(await sandbox.pendingFaults()).toEqual([]);
  });

  test.each(['account', 'AccountSet', 'accounts'])(
    'names the set as %s on any face',
    async (entitySet) => {
      await sandbox.failNext({ entitySet, times: 2 });
      expect((await send(`${sandbox.urlDataverse}/contacts`)).status).toBe(200);
      expect((await send(`${sandbox.urlDataverse}/accounts`)).status).toBe(500);
      expect((await list()).status).toBe(500);
      expect((await list()).status).toBe(200);
    },
  );

  test('is described until it is met as often as it should', async () => {
    await sandbox.loseResponse({ method: 'DELETE', entitySet: 'AccountSet', times: 2 });
    await sandbox.throttle();
    await list();
    expect(await sandbox.pendingFaults()).toEqual(['loseResponse DELETE AccountSet (2 left)']);
  });

  test.each([{ entitySet: 'Nothing' }, { key: '12' }, { times: 0 }])(
    'that can never be met is refused: %p',
    async (target) => {
      await expect(sandbox.failNext(target)).rejects.toThrow();
    },
  );
});

test('delayNext waits before the request is handled, and applies it though the client left', async () => {
  await sandbox.delayNext({ delayMs: 150 });
  const outgoing = request(`${sandbox.urlDataverse}/accounts(${guidOf(1)})`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    agent: false,
  });
  const gone = new Promise((resolve) => outgoing.on('error', resolve));
  outgoing.end(JSON.stringify({ name: 'A' }));
  setTimeout(() => outgoing.destroy(), 50);
  await gone;
  expect(await isStored(1)).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(await isStored(1)).toBe(true);
});

test('delayNext waits after the write was applied', async () => {
  await sandbox.delayNext({ delayMs: 200, when: 'after' });
  const started = performance.now();
  const answering = create(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await isStored(1)).toBe(true);
  expect((await answering).status).toBe(201);
  expect(performance.now() - started).toBeGreaterThan(180);
});

test('loseResponse applies and closes the connection', async () => {
  await sandbox.loseResponse({ method: 'POST' });
  await expect(create(1)).rejects.toThrow(/hang up|ECONNRESET/);
  expect(await isStored(1)).toBe(true);
  expect(await lastEntry()).toMatchObject({ method: 'POST', applied: true, status: null });
});

describe('truncate', () => {
  test('cuts the body of an answer that was applied', async () => {
    await sandbox.truncate();
    await expect(create(1)).rejects.toThrow(/aborted|ECONNRESET/);
    expect(await isStored(1)).toBe(true);
    expect(await lastEntry()).toMatchObject({ applied: true, status: null });
  });

  test('cuts the head where there is no body', async () => {
    await create(1);
    await sandbox.truncate();
    const raw: RawRequest = { method: 'DELETE' };
    const url = `${sandbox.url2011}/AccountSet(guid'${guidOf(1)}')`;
    await expect(send(url, raw)).rejects.toThrow();
    expect(await isStored(1)).toBe(false);
  });
});

test('throttle answers 429 with the seconds to wait, nothing applied', async () => {
  await sandbox.throttle({ retryAfterSeconds: 7 });
  const answer = await send(`${sandbox.urlDataverse}/accounts`, { method: 'POST', body: {} });
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '7']);
  expect(answer.json).toMatchObject({ error: { code: '0x80072322' } });
  expect(await lastEntry()).toMatchObject({ applied: false });
});

test('expireLogin answers 401, or a login page with 200', async () => {
  await sandbox.expireLogin({ times: 2 });
  expect([(await list()).status, (await list()).status]).toEqual([401, 401]);
  await sandbox.expireLogin({ page: true });
  const page = await create(1);
  expect([page.status, page.headers['content-type']]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ]);
  expect(await isStored(1)).toBe(false);
  expect((await list()).status).toBe(200);
});

test('a delay and a failure strike together', async () => {
  await sandbox.delayNext({ delayMs: 100 });
  await sandbox.failNext();
  const started = performance.now();
  expect((await list()).status).toBe(500);
  expect(performance.now() - started).toBeGreaterThan(80);
  expect(await sandbox.pendingFaults()).toEqual([]);
});

test('closing the sandbox ends delays', async () => {
  const other = await startSandbox();
  await other.delayNext({ delayMs: 60_000 });
  const waiting = expect(send(`${other.url2011}/AccountSet`)).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.close();
  await waiting;
});

test('credentials are asked for on every request, and use up no fault', async () => {
  const other = await startSandbox({ credentials: { username: 'ada', password: 'fictional' } });
  try {
    await other.failNext();
    const url = `${other.url2011}/AccountSet`;
    const login = (password: string): RawRequest => ({
      headers: { authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` },
    });
    expect((await send(url)).status).toBe(401);
    expect((await send(url, login('wrong'))).status).toBe(401);
    expect((await send(url, login('fictional'))).status).toBe(500);
    expect((await send(url, login('fictional'))).status).toBe(200);
  } finally {
    await other.close();
  }
});
