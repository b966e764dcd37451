import { startSandbox, type Sandbox } from '../../../legacy-client/sandbox';
import { guidOf, send, type RawAnswer } from './raw-request';

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

const root = '/api/data/v9.2';

/** A request as it stands between delimiters. */
function request(line: string, body?: unknown, headers: string[] = [], id?: string): string {
  const outer = ['Content-Type: application/http', 'Content-Transfer-Encoding: binary'];
  if (id !== undefined) outer.push(`Content-ID: ${id}`);
  const type = body === undefined ? [] : ['Content-Type: application/json'];
  const text = body === undefined ? '' : JSON.stringify(body);
  return [...outer, '', `${line} HTTP/1.1`, ...type, ...headers, '', text].join('\r\n');
}

function changeset(...parts: string[]): string {
  const lines = parts.flatMap((part) => ['--c', part]);
  return ['Content-Type: multipart/mixed; boundary="c"', '', ...lines, '--c--', ''].join('\r\n');
}

async function batch(members: string[], headers: Record<string, string> = {}): Promise<RawAnswer> {
  const lines = members.flatMap((member) => ['--b', member]);
  return await send(`${sandbox.urlDataverse}/$batch`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/mixed; boundary=b', ...headers },
    text: [...lines, '--b--', ''].join('\r\n'),
  });
}

/** The status lines inside an answer, each after its Content-ID. */
function told({ text }: RawAnswer): string[] {
  return (text.match(/^(?:Content-ID: .+|HTTP\/1\.1 \d+)/gm) ?? []).map((line) =>
    line.replace('Content-ID: ', '#').replace('HTTP/1.1 ', ''),
  );
}

const names = async (): Promise<unknown[]> =>
  (await sandbox.records('account')).map(({ Name }) => Name);

test('answers single requests and a changeset in their order, as HTTP within HTTP', async () => {
  const answer = await batch([
    request(`GET ${root}/accounts?$select=name`),
    changeset(
      request(`POST ${root}/accounts`, { name: 'B', accountid: guidOf(2) }, [], '1'),
      request(`PATCH ${root}/accounts(${guidOf(1)})`, { name: 'C' }, ['If-Match: *'], '2'),
      request(`POST ${root}/accounts`, { name: 'D' }, ['Prefer: return=representation'], '3'),
      request(`DELETE ${root}/accounts(${guidOf(2)})`, undefined, [], '4'),
    ),
    request(`GET accounts/$count`),
    request(`GET ${sandbox.urlDataverse}/accounts(${guidOf(1)})?$select=name`),
  ]);
  expect(answer.status).toBe(200);
  expect(told(answer)).toEqual([
    '200',
    '#1',
    '204',
    '#2',
    '204',
    '#3',
    '201',
    '#4',
    '204',
    '200',
    '200',
  ]);
  const outer = /^multipart\/mixed; boundary=(batchresponse_[0-9a-f-]{36})$/.exec(
    answer.headers['content-type'] ?? '',
  )?.[1];
  const inner = /boundary=(changesetresponse_[0-9a-f-]{36})\r\n/.exec(answer.text)?.[1] ?? '';
  expect(answer.text.split(`--${outer ?? ''}`)).toHaveLength(6);
  expect(answer.text.split(`--${inner}`)).toHaveLength(6);
  expect(answer.text).toMatch(new RegExp(`--${inner}--\r\n\r\n--${outer ?? ''}\r\n`));
  expect(answer.text.endsWith(`\r\n--${outer ?? ''}--\r\n`)).toBe(true);
  expect(answer.text).toContain(`odata-entityid: ${sandbox.urlDataverse}/accounts(${guidOf(2)})`);
  expect(answer.text).toMatch(/\r\n\r\n2\r\n--batchresponse/);
  expect(await names()).toEqual(expect.arrayContaining(['C', 'D']));
  expect(await sandbox.record('account', guidOf(2))).toBeUndefined();
});

describe('a changeset that fails', () => {
  const failing = changeset(
    request(`POST ${root}/accounts`, { name: 'B', accountid: guidOf(2) }, [], '1'),
    request(`PATCH ${root}/accounts(${guidOf(1)})`, { name: 'C' }, [], '2'),
    request(`DELETE ${root}/accounts(${guidOf(1)})`, undefined, [], '3'),
    request(`PATCH ${root}/accounts(${guidOf(7)})`, { name: 'x' }, ['If-Match: *'], '4'),
    request(`POST ${root}/accounts`, { name: 'E' }, [], '5'),
  );

  test('is taken back whole, and answered by its one failure', async () => {
    const before = await sandbox.record('account', guidOf(1));
    const etag = async (): Promise<string | undefined> =>
      (await send(`${sandbox.urlDataverse}/accounts(${guidOf(1)})`)).headers.etag;
    const version = await etag();
    const addresses = await sandbox.records('customeraddress');
    const answer = await batch([failing, request(`GET ${root}/accounts`)]);
    expect([answer.status, told(answer)]).toEqual([404, ['#4', '404']]);
    expect(answer.text).toContain('0x80040217');
    expect(await names()).toEqual(['A']);
    expect(await sandbox.record('account', guidOf(1))).toEqual(before);
    expect(await etag()).toBe(version);
    expect(await sandbox.records('customeraddress')).toEqual(addresses);
  });

  test('is found by what it was taken back to', async () => {
    await batch([failing]);
    const found = async (name: string): Promise<unknown> => {
      const filter = encodeURIComponent(`name eq '${name}'`);
      return (await send(`${sandbox.urlDataverse}/accounts?$filter=${filter}`)).json;
    };
    expect(await found('A')).toMatchObject({ value: [{ accountid: guidOf(1) }] });
    expect(await found('C')).toMatchObject({ value: [] });
  });

  test('does not end the batch under continue-on-error', async () => {
    const answer = await batch([failing, request(`GET ${root}/accounts/$count`)], {
      prefer: 'odata.continue-on-error',
    });
    expect([answer.status, told(answer)]).toEqual([200, ['#4', '404', '200']]);
  });

  test('is journalled as one entry with parts, none applied', async () => {
    await batch([failing, request(`GET ${root}/accounts`)]);
    const [entry, ...others] = await sandbox.journal();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      method: 'BATCH',
      entitySet: '$batch',
      key: null,
      applied: false,
    });
    expect(entry).toMatchObject({ status: 404, url: '$batch' });
    expect(entry).not.toHaveProperty('body');
    expect(entry?.parts?.map(({ method, status }) => [method, status])).toEqual([
      ['POST', null],
      ['PATCH', null],
      ['DELETE', null],
      ['PATCH', 404],
      ['POST', null],
      ['GET', null],
    ]);
    expect(entry?.parts?.some(({ applied }) => applied)).toBe(false);
  });
});

test('stops at the first failure outside of changesets too; what was before it stays', async () => {
  const members = [
    request(`PATCH ${root}/accounts(${guidOf(1)})`, { name: 'C' }),
    request(`POST ${root}/accounts`, { name: 'x'.repeat(161) }),
    request(`POST ${root}/accounts`, { name: 'D' }),
  ];
  const answer = await batch(members);
  expect([answer.status, told(answer)]).toEqual([400, ['204', '400']]);
  expect(await names()).toEqual(['C']);
  const [entry] = await sandbox.journal();
  expect(entry?.parts?.map(({ applied, status }) => [applied, status])).toEqual([
    [true, 204],
    [false, 400],
    [false, null],
  ]);
  expect(entry?.parts?.[0]).toMatchObject({
    entitySet: 'accounts',
    key: guidOf(1),
    body: { name: 'C' },
  });
  const going = await batch(members, { prefer: 'odata.continue-on-error' });
  expect([going.status, told(going)]).toEqual([200, ['204', '400', '204']]);
  expect((await names()).sort()).toEqual(['C', 'D']);
});

describe('Content-ID references', () => {
  test('stand for what was written before, in addresses and in bodies', async () => {
    const answer = await batch([
      changeset(
        request(`POST ${root}/optevia_sectors`, { optevia_name: 'New' }, [], '1'),
        request(
          `POST ${root}/accounts`,
          { name: 'B $1', 'optevia_Sector@odata.bind': '$1' },
          ['Prefer: return=representation'],
          'second',
        ),
        request(`PATCH $second`, { description: '"x@odata.bind":"$1"' }, [], '3'),
      ),
    ]);
    expect(told(answer)).toEqual(['#1', '204', '#second', '201', '#3', '204']);
    const sectors = await sandbox.records('optevia_sector');
    const made = sectors.find(({ optevia_name }) => optevia_name === 'New');
    expect(await sandbox.records('account')).toContainEqual(
      expect.objectContaining({
        Name: 'B $1',
        optevia_Sector: made?.optevia_sectorId,
        Description: '"x@odata.bind":"$1"',
      }),
    );
  });

  test('to what comes later or stands elsewhere are refused', async () => {
    const refer = request(
      `POST ${root}/accounts`,
      { name: 'B', 'optevia_Sector@odata.bind': '$1' },
      [],
      '2',
    );
    const make = request(`POST ${root}/optevia_sectors`, { optevia_name: 'New' }, [], '1');
    for (const members of [[changeset(refer, make)], [changeset(make), changeset(refer)]]) {
      const answer = await batch(members);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("Content-ID Reference: '$1' does not exist");
    }
    expect(await names()).toEqual(['A']);
  });
});

describe('refused as a whole, with nothing applied', () => {
  const create = (id: string): string => request(`POST ${root}/accounts`, { name: 'B' }, [], id);

  test.each([
    ['a GET in a changeset', [changeset(create('1'), request(`GET ${root}/accounts`))]],
    ['MERGE in a changeset', [changeset(request(`MERGE accounts(${guidOf(1)})`, { name: 'B' }))]],
    ['a Content-ID twice', [changeset(create('1'), create('1'))]],
    ['bare line feeds', [create('1').replaceAll('\r\n', '\n')]],
    ['a changeset without an end', [changeset(create('1')).replace('--c--', '')]],
    ['a part of another type', [create('1').replace('application/http', 'text/plain')]],
    ['no transfer encoding', [create('1').replace('Content-Transfer-Encoding: binary\r\n', '')]],
    ['no request line', [create('1').replace(' HTTP/1.1', '')]],
    ['a wrong length', [request('POST accounts', { name: 'B' }, ['Content-Length: 3'])]],
    ['more than 1,000 requests', Array.from({ length: 1001 }, () => request('GET accounts'))],
  ])('%s', async (_what, members) => {
    const answer = await batch([create('0'), ...members]);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { message: expect.any(String) } });
    expect(await names()).toEqual(['A']);
  });

  test('another content type, or no closing delimiter', async () => {
    for (const type of ['application/json', 'multipart/mixed', 'multipart/mixed; boundary=z']) {
      expect((await batch([create('1')], { 'content-type': type })).status).toBe(400);
    }
    expect(await names()).toEqual(['A']);
  });
});

test('a batch within a batch, and a batch by GET, are refused', async () => {
  const nested = await batch([request(`POST ${root}/$batch`, {})]);
  expect([nested.status, told(nested)]).toEqual([400, ['400']]);
  expect((await send(`${sandbox.urlDataverse}/$batch`)).status).toBe(405);
});

test('exactly 1,000 requests are taken; a URL in a batch may have 64 KiB', async () => {
  const many = await batch(Array.from({ length: 1000 }, () => request('GET accounts/$count')));
  expect([many.status, told(many).length]).toEqual([200, 1000]);
  const long = (length: number): string =>
    request(
      `GET ${root}/accounts?$filter=${encodeURIComponent(`name eq '${'x'.repeat(length)}'`)}`,
    );
  expect(told(await batch([long(60_000)]))).toEqual(['200']);
  expect(told(await batch([long(70_000)]))).toEqual(['414']);
});

test('on the 2011 face $batch is no resource', async () => {
  const answer = await send(`${sandbox.url2011}/$batch`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/mixed; boundary=b' },
    text: '--b--\r\n',
  });
  expect([answer.status, answer.json]).toMatchObject([404, { error: { code: '' } }]);
});

describe('faults', () => {
  const two = (): string =>
    changeset(
      request(`PATCH ${root}/accounts(${guidOf(1)})`, { name: 'C' }, [], '1'),
      request(`POST ${root}/accounts`, { name: 'D' }, [], '2'),
    );

  test('strike the batch as a whole', async () => {
    await sandbox.failNext({ method: 'BATCH', status: 503 });
    const answer = await batch([two()]);
    expect([answer.status, answer.json]).toMatchObject([503, { error: {} }]);
    await sandbox.throttle();
    expect((await batch([two()])).status).toBe(429);
    expect(await names()).toEqual(['A']);
  });

  test('lose and cut the answer of one that was applied, by any of its requests', async () => {
    await sandbox.loseResponse({ method: 'PATCH', key: guidOf(1) });
    await expect(batch([two()])).rejects.toThrow();
    expect((await names()).sort()).toEqual(['C', 'D']);
    await sandbox.truncate({ entitySet: 'accounts' });
    await expect(batch([two()])).rejects.toThrow();
    expect(await sandbox.journal()).toMatchObject([
      { applied: true, status: null },
      { applied: true, status: null },
    ]);
  });

  test('strike one request, and with it its changeset', async () => {
    const fault = { method: 'POST', entitySet: 'account', afterApplying: true } as const;
    await sandbox.failNext({ ...fault, status: 400, code: '0x80040265', message: 'plug-in' });
    const answer = await batch([two()]);
    expect([answer.status, told(answer)]).toEqual([400, ['#2', '400']]);
    expect(answer.text).toContain('0x80040265');
    expect(await names()).toEqual(['A']);
    await sandbox.throttle({ method: 'PATCH' });
    expect(told(await batch([two()]))).toEqual(['#1', '429']);
    expect(await sandbox.pendingFaults()).toEqual([]);
    expect(told(await batch([two()]))).toEqual(['#1', '204', '#2', '204']);
  });

  test('without a target strike the batch, not what is in it', async () => {
    await sandbox.failNext({ times: 2, afterApplying: true });
    expect((await batch([two()])).status).toBe(500);
    expect((await names()).sort()).toEqual(['C', 'D']);
    expect(await sandbox.pendingFaults()).toEqual(['fail (1 left)']);
  });
});
