import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  connectSandbox,
  startSandbox,
  startSandboxProcess,
  type Sandbox,
  type SandboxControl,
} from '../../../legacy-client/sandbox';
import { guidOf, send } from './raw-request';

interface Started {
  readonly sandbox: Sandbox;
  readonly control: SandboxControl;
}

const ways: [string, () => Promise<Started>][] = [
  [
    'in its own process',
    async () => {
      const sandbox = await startSandbox();
      return { sandbox, control: sandbox };
    },
  ],
  [
    'over HTTP',
    async () => {
      const sandbox = await startSandbox();
      return { sandbox, control: connectSandbox(sandbox.url) };
    },
  ],
  [
    'of a child process',
    async () => {
      const sandbox = await startSandboxProcess();
      return { sandbox, control: sandbox };
    },
  ],
];

describe.each(ways)('the switches of a sandbox, %s', (_way, start) => {
  let sandbox: Sandbox;
  let control: SandboxControl;

  beforeAll(async () => {
    ({ sandbox, control } = await start());
  });

  beforeEach(async () => {
    await control.reset();
  });

  afterAll(async () => {
    await sandbox.close();
  });

  test('load, read and change records with every kind of value', async () => {
    const values = {
      AccountId: guidOf(1),
      Name: 'Ünïcode  ',
      Revenue: '12.50',
      optevia_FoundedOn: '1998-03-01',
      optevia_LastVerified: new Date('2020-01-02T03:04:05Z'),
      optevia_ukorganisation: false,
      CustomerTypeCode: 3,
      CreatedOn: new Date('2001-01-01T00:00:00Z'),
      ModifiedOn: new Date('2002-01-01T00:00:00Z'),
    };
    await control.load('account', [values]);
    expect(await control.record('account', guidOf(1).toUpperCase())).toMatchObject(values);
    const changed = await control.editAsLegacyUser('account', guidOf(1), {
      optevia_LastVerified: null,
      Revenue: '0.005',
    });
    expect(changed).toMatchObject({ optevia_LastVerified: null, Revenue: '0.01' });
    expect(changed.ModifiedOn).toBeInstanceOf(Date);
    expect(Number(changed.ModifiedOn)).toBeGreaterThan(Number(values.ModifiedOn));
    expect(changed.CreatedOn).toEqual(values.CreatedOn);
    expect(await control.records('account')).toEqual([changed]);
    expect(await control.journal()).toEqual([]);
  });

  test('create and delete as a user of the CRM', async () => {
    const created = await control.createAsLegacyUser('account', { Name: 'A' });
    expect(await control.records('customeraddress')).toHaveLength(2);
    await control.deleteAsLegacyUser('account', String(created.AccountId));
    expect(await control.record('account', String(created.AccountId))).toBeUndefined();
    expect(await control.records('customeraddress')).toEqual([]);
  });

  test('set the clock of the stamps, back and ahead', async () => {
    const { AccountId } = await control.createAsLegacyUser('account', { Name: 'A' });
    const stampOfEdit = async (offsetMs: number): Promise<number> => {
      await control.shiftClock(offsetMs);
      const values = { Name: `At ${String(offsetMs)}` };
      const edited = await control.editAsLegacyUser('account', String(AccountId), values);
      return Number(edited.ModifiedOn) - Date.now();
    };
    const hourMs = 3_600_000;
    expect(await stampOfEdit(5 * hourMs)).toBeGreaterThan(4 * hourMs);
    expect(await stampOfEdit(-5 * hourMs)).toBeLessThan(-5 * hourMs);
    await control.reset();
    const { ModifiedOn } = await control.createAsLegacyUser('account', { Name: 'B' });
    expect(Math.abs(Number(ModifiedOn) - Date.now())).toBeLessThan(hourMs);
  });

  test('reject what cannot be, with the reason', async () => {
    await expect(control.records('nothing')).rejects.toThrow('no entity nothing');
    await expect(control.editAsLegacyUser('account', guidOf(1), {})).rejects.toThrow(
      'Does Not Exist',
    );
    await expect(control.createAsLegacyUser('account', { Nothing: 1 })).rejects.toThrow('Nothing');
    await expect(control.record('account', 'x')).rejects.toThrow('GUID');
  });

  test('load all of a batch or nothing of it', async () => {
    const records = [
      { AccountId: guidOf(1), Name: 'A', ParentAccountId: null },
      { AccountId: guidOf(2), Name: 'B', ParentAccountId: guidOf(1) },
    ];
    const wrong = { Name: 'C', ParentAccountId: guidOf(7) };
    await expect(control.load('account', [...records, wrong])).rejects.toThrow(guidOf(7));
    expect(await control.records('account')).toEqual([]);
    await control.load('account', records);
    await expect(control.load('account', records.slice(1))).rejects.toThrow('is there already');
    expect(await control.records('account')).toHaveLength(2);
  });

  test('keep a journal of both faces', async () => {
    await send(`${sandbox.url2011}/AccountSet?$filter=${encodeURIComponent("Name eq 'a b'")}`);
    const body = { name: 'B' };
    const path = `accounts(${guidOf(1).toUpperCase()})`;
    await send(`${sandbox.urlDataverse}/${path}`, { method: 'PATCH', body });
    const tunnelled = { 'x-http-method': 'MERGE' };
    const record = `AccountSet(guid'${guidOf(1)}')`;
    const merge = { method: 'POST', headers: tunnelled, body: { Name: 'C' } };
    await send(`${sandbox.url2011}/${record}`, merge);
    expect(await control.journal()).toEqual([
      {
        sequence: 1,
        method: 'GET',
        face: 'dynamics2011',
        entitySet: 'AccountSet',
        key: null,
        url: "AccountSet?$filter=Name eq 'a b'",
        applied: false,
        status: 200,
      },
      {
        sequence: 2,
        method: 'PATCH',
        face: 'dataverse',
        entitySet: 'accounts',
        key: guidOf(1),
        url: path,
        applied: true,
        status: 204,
        body,
      },
      {
        sequence: 3,
        method: 'MERGE',
        face: 'dynamics2011',
        entitySet: 'AccountSet',
        key: guidOf(1),
        url: record,
        applied: true,
        status: 204,
        body: { Name: 'C' },
      },
    ]);
    await control.clearJournal();
    expect(await control.journal()).toEqual([]);
  });

  test('set faults that strike, and reset takes back those that did not', async () => {
    await control.failNext();
    await control.throttle({ entitySet: 'account', retryAfterSeconds: 3 });
    expect((await send(`${sandbox.url2011}/ContactSet`)).status).toBe(500);
    expect(await control.pendingFaults()).toEqual(['throttle account (1 left)']);
    await control.reset();
    expect(await control.pendingFaults()).toEqual([]);
  });
});

test('a sandbox that has closed rejects every call', async () => {
  const sandbox = await startSandbox();
  const control = connectSandbox(sandbox.url);
  await sandbox.close();
  await sandbox.close();
  await expect(control.journal()).rejects.toThrow('ECONNREFUSED');
});

test('a port that is taken is an error', async () => {
  const sandbox = await startSandbox();
  try {
    const port = Number(new URL(sandbox.url).port);
    await expect(startSandbox({ port })).rejects.toThrow('EADDRINUSE');
  } finally {
    await sandbox.close();
  }
});

test('what is no switch and no face is 404', async () => {
  const sandbox = await startSandbox();
  try {
    const paths = ['/', '/sandbox/close', '/sandbox/constructor', '/api/data/v9.2x/accounts'];
    for (const path of paths) {
      expect((await send(sandbox.url + path, { method: 'POST' })).status).toBe(404);
    }
  } finally {
    await sandbox.close();
  }
});

describe('a sandbox in a child process', () => {
  test('takes its options along', async () => {
    const sandbox = await startSandboxProcess({
      pageSize: 1,
      credentials: { username: 'ada', password: 'fictional' },
    });
    try {
      expect((await send(`${sandbox.url2011}/AccountSet`)).status).toBe(401);
    } finally {
      await sandbox.close();
    }
    await expect(connectSandbox(sandbox.url).journal()).rejects.toThrow('ECONNREFUSED');
  });

  test('that cannot start says so', async () => {
    const sandbox = await startSandbox();
    try {
      const port = Number(new URL(sandbox.url).port);
      await expect(startSandboxProcess({ port })).rejects.toThrow('before it was ready');
    } finally {
      await sandbox.close();
    }
  });

  test('ends when its parent is killed', async () => {
    const folder = require.resolve('../../../legacy-client/sandbox');
    const source =
      `require(${JSON.stringify(folder)}).startSandboxProcess()` +
      `.then(({ url }) => console.log(url))`;
    const parent = spawn(process.execPath, ['--require', 'tsx/cjs', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const control = connectSandbox(chunk.toString().trim());
    expect(await control.journal()).toEqual([]);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const refused = async (): Promise<boolean> =>
      await control.journal().then(
        () => false,
        () => true,
      );
    const deadline = Date.now() + 5000;
    while (!(await refused()) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await refused()).toBe(true);
  });

  test('ends on SIGTERM', async () => {
    const file = require.resolve('../../../legacy-client/sandbox/process');
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

test('the process module is not run by importing the sandbox', () => {
  const folder = require.resolve('../../../legacy-client/sandbox');
  const source = `require(${JSON.stringify(folder)})`;
  const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', source]);
  expect(output.toString()).toBe('');
});
