import type { ConnectionCheck } from '../../src/cli/check';
import { sandboxLogins, startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { keyOf } from '../../src/example/reference-data';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/login.config');
const password = 'correct-horse-battery';

let database: TestDatabase;
let sandbox: Sandbox;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => sandbox.close());

afterAll(() => database.drop());

function check(env: Readonly<Record<string, string>>, ...args: string[]): Promise<CommandRun> {
  const stores = { TEST_APPLICATION_URL: database.url, TEST_CRM_URL: sandbox.url2011 };
  const login = { TEST_CRM_USER: 'ada', TEST_CRM_PASSWORD: password };
  return runCommand(['check', '--config', config, ...args], {
    env: { ...stores, ...login, ...env },
  });
}

it.each(sandboxLogins)('says who one is and what answers, behind %s', async (login) => {
  sandbox = await startSandbox({ login, credentials: { username: 'ada', password } });
  await sandbox.load('optevia_sector', [
    { optevia_sectorId: keyOf('sector/1'), optevia_name: 'Fictional Foundries' },
  ]);
  const { code, stdout, stderr } = await check({ TEST_CRM_LOGIN: login });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [where, who, keys, , heading, ...rows] = stdout.trimEnd().split('\n');
  expect(where).toBe(`dynamics2011 at ${sandbox.url2011}`);
  expect(who).toMatch(
    /^Logged in as user [-0-9a-f]{36}, business unit [-0-9a-f]{36}, organization/,
  );
  expect(keys).toBe(
    'Keys chosen by the client: usually honoured; the answer to the first create will tell',
  );
  expect(heading).toMatch(/^Model +Entity set +Properties +Answers$/);
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) expect(row).toMatch(/ yes$/);
  const journal = await sandbox.journal();
  expect(journal.filter(({ applied }) => applied)).toEqual([]);
  expect(journal.every(({ method }) => method === 'GET')).toBe(true);
});

it('ends with 1 when the login is refused, and asks nothing more', async () => {
  sandbox = await startSandbox({ login: 'adfs', credentials: { username: 'ada', password } });
  const wrong = 'wrong-horse-battery';
  const run = await check({ TEST_CRM_LOGIN: 'adfs', TEST_CRM_PASSWORD: wrong }, '--verbose');
  expect(run.code).toBe(1);
  expect(run.stdout).toContain('Logged in as nobody known');
  expect(run.stderr).toContain('The login failed: The user name or password is incorrect.');
  expect(run.stdout + run.stderr).not.toContain(wrong);
  expect(await sandbox.journal()).toEqual([]);
});

it('ends with 1 and names what the CRM does not have', async () => {
  sandbox = await startSandbox({
    schema: [
      {
        ...{ logicalName: 'optevia_sector', schemaName: 'optevia_sector' },
        ...{ collectionName: 'optevia_sectors', key: 'optevia_sectorId' },
        properties: [{ name: 'optevia_title', kind: 'string' }],
      },
    ],
  });
  const { code, stdout, stderr } = await check({}, '--json');
  expect(code).toBe(1);
  const { identity, entities } = JSON.parse(stdout) as ConnectionCheck;
  expect(identity?.userId).toMatch(/^[-0-9a-f]{36}$/);
  expect(stderr).toBe(
    `dual-write: ${entities.length} of ${entities.length} mapped entities do not answer as mapped.\n`,
  );
  const problems = new Map(entities.map((entity) => [entity.model, entity.problems]));
  expect(problems.get('Sector')).toEqual([expect.stringMatching(/^optevia_name: .*optevia_name/)]);
  expect(problems.get('Country')).toEqual([expect.stringContaining('The service answered 404')]);
});

it('ends with 1 when the CRM cannot be reached, with the reason', async () => {
  sandbox = await startSandbox();
  const { code, stdout, stderr } = await check({ TEST_CRM_URL: 'http://127.0.0.1:1/crm' });
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^dynamics2011 at http:\/\/127\.0\.0\.1:1\/crm\nLogged in as nobody known/,
  );
  expect(stderr).toMatch(/^dual-write: .*The service is unreachable.*ECONNREFUSED.*\n$/);
});
