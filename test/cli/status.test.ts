import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SyncStatus } from '../../src';
import { keyOf } from '../../src/example/reference-data';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/example.config');

describe('dual-write status', () => {
  let world: DualWorld;
  let env: Record<string, string>;

  beforeAll(async () => {
    world = await openDualWorld();
    env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
    await world.sandbox.load('optevia_sector', [
      { optevia_sectorId: keyOf('sector/1'), optevia_name: 'Fictional Foundries' },
      { optevia_sectorId: keyOf('sector/2'), optevia_name: 'Imaginary Mills' },
    ]);
    const { Sector } = world.models;
    const [first] = await Sector.findAll({ order: ['name'] });
    await Sector.skipLegacy().create({ name: 'Known here only' });
    await first?.update({ name: 'Changed here only' }, { skipLegacy: true });
  });

  afterAll(() => world.close());

  const status = (...args: string[]): Promise<CommandRun> =>
    runCommand(['status', '--config', config, ...args], { env });

  it('counts in an aligned table, without a request to the legacy system', async () => {
    await world.legacyCalls();
    const { code, stdout, stderr } = await status();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [where, , heading = '', ...rows] = stdout.trimEnd().split('\n');
    expect(where).toBe(`dynamics2011 at ${world.sandbox.url2011}`);
    expect(heading).toMatch(/^Model +Entity set +Rows +Local only +Ahead +Rejected/);
    const sector = rows.find((row) => row.startsWith('Sector')) ?? '';
    expect(sector.split(/ +/).slice(0, 6)).toEqual([
      'Sector',
      'optevia_sectorSet',
      '3',
      '1',
      '1',
      '0',
    ]);
    const lineEnds = (line: string, column: string): number =>
      heading.indexOf(column) + column.length - line.length;
    expect(sector.charAt(sector.length + lineEnds(sector, 'Rows') - 1)).toBe('3');
    await expect(world.legacyCalls()).resolves.toEqual([]);
  });

  it('lists what is open, with the reason', async () => {
    const legacyId = keyOf('sector/9');
    await world.sequelize.query(
      `INSERT INTO dual_write_intents (id, unit, sequence, operation, model, local_id, legacy_id, sent, before, noted_at, doubt)
       VALUES (4713, gen_random_uuid(), 0, 'update', 'Sector', '9', $1, '{}', '{}', '2026-01-31T12:00:00Z', 'Nobody knows.')`,
      { bind: [legacyId] },
    );
    const { code, stdout } = await status();
    await world.sequelize.query('DELETE FROM dual_write_intents');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `open: update of Sector 9 (legacy key ${legacyId}), noted 2026-01-31T12:00:00.000Z: Nobody knows.`,
    );
  });

  it('prints with --json all that status() gives', async () => {
    const { code, stdout } = await status('--json');
    expect(code).toBe(0);
    const printed = JSON.parse(stdout) as SyncStatus;
    const own = await world.dualWrite.status();
    expect(printed.legacy).toEqual(own.legacy);
    const model = printed.models.find(({ model }) => model === 'Sector');
    expect(model).toMatchObject({ rows: 3, localOnly: 1, ahead: 1, lastRefreshAt: null });
    expect(printed.models.map(({ model }) => model)).toEqual(own.models.map(({ model }) => model));
  });

  it('tells in one line that a database cannot be had, without its password', async () => {
    const url = new URL(world.database.url);
    url.password = 'not-the-password';
    url.port = '1';
    env = { ...env, TEST_APPLICATION_URL: url.href };
    const { code, stdout, stderr } = await status();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^dual-write: .*ECONNREFUSED.*\n$/);
    const verbose = await status('--verbose');
    expect(verbose.stderr).toMatch(/\n +at .*connection-manager/);
    expect(stderr + verbose.stderr).not.toContain('not-the-password');
  });
});

describe('the configuration of dual-write', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dual-write-config-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const given = (name: string, text: string): Promise<void> =>
    writeFile(path.join(folder, name), text);
  const connect = `async () => ({
    dualWrite: { status: async () => ({
      legacy: { baseUrl: 'http://crm.example', dialect: 'odata4' },
      models: [{ model: 'Pet', rows: 7 }],
      open: [],
    }) },
    close: async () => console.log('closed'),
  })`;
  const expected = {
    code: 0,
    stdout: 'odata4 at http://crm.example\n\nModel  Rows\nPet       7\nclosed\n',
  };

  it.each([
    ['dual-write.config.cjs', `module.exports = { connect: ${connect} };`],
    ['dual-write.config.js', `module.exports = ${connect};`],
    ['dual-write.config.js', `exports.config = { connect: ${connect} };`],
    ['dual-write.config.js', `exports.connect = ${connect};`],
    [
      'dual-write.config.js',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { connect: ${connect} };`,
    ],
  ])('is found in the working directory: %s', async (name, text) => {
    await given(name, text);
    await expect(runCommand(['status'], { cwd: folder })).resolves.toMatchObject(expected);
  });

  it('may be an ES module', async () => {
    await given('config.mjs', `export default { connect: ${connect} };`);
    const run = await runCommand(['status', '--config', 'config.mjs'], { cwd: folder });
    expect(run).toMatchObject(expected);
  });

  it('in TypeScript needs tsx, and says so', async () => {
    await given('dual-write.config.ts', 'export default {};');
    const { code, stderr } = await runCommand(['status'], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /npm install --save-dev tsx\. Or write the configuration in a \.js file\.\n$/,
    );
  });

  it.each([
    [[], undefined, 'There is no dual-write.config.ts'],
    [['--config', 'other.js'], undefined, 'There is no file other.js.'],
    [[], 'module.exports = 7;', 'dual-write.config.js exports no configuration.'],
    [[], "throw new Error('No\\nluck');", 'dual-write.config.js cannot be loaded: No luck'],
  ])('at fault ends with 2 and one line: %j %s', async (args, text, message) => {
    if (text !== undefined) await given('dual-write.config.js', text);
    const { code, stdout, stderr } = await runCommand(['status', ...args], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(`dual-write: ${message}`)).toBe(true);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it('is closed when its status fails', async () => {
    await given(
      'dual-write.config.js',
      `exports.connect = async () => ({
        dualWrite: { status: async () => { throw new Error('No luck'); } },
        close: async () => console.log('closed'),
      });`,
    );
    await expect(runCommand(['status'], { cwd: folder })).resolves.toEqual({
      code: 1,
      stdout: 'closed\n',
      stderr: 'dual-write: No luck\n',
    });
  });
});
