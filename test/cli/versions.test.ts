import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/example.config');

describe('dual-write versions', () => {
  let world: DualWorld;
  let env: Record<string, string>;

  beforeAll(async () => {
    world = await openDualWorld();
    env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
  });

  afterAll(() => world.close());

  beforeEach(() => world.reset());

  const versions = (...args: string[]): Promise<CommandRun> =>
    runCommand(['versions', ...args, '--config', config], { env });

  async function sectorWithVersions(count: number): Promise<void> {
    const Sector = world.models.Sector.skipLegacy();
    const sector = await Sector.create({ name: 'Fictional Foundries 0' });
    for (let number = 1; number < count; number += 1) {
      await sector.update({ name: `Fictional Foundries ${number}` });
    }
  }

  it('prunes by the rules given, after saying what would go', async () => {
    await sectorWithVersions(4);
    const dry = await versions('prune', '--keep-newest', '3', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toBe(
      'Model   Versions\nSector         1\n1 revisions would lose all their versions, and go with them.\n',
    );
    const done = await versions('prune', '--keep-newest', '3');
    expect(done.stdout).toContain('1 revisions have lost');
    expect((await versions('prune', '--keep-newest', '3')).stdout).toContain('No versions.');
  });

  it.each([
    [['prune'], 'Say what to keep'],
    [['prune', '--keep-days', 'many'], 'a number from 0 on'],
    [
      ['prune', '--keep-days', '3', '--model', 'Ship'],
      'There is no model Ship. There are: Contact',
    ],
  ])('refuses %p, and removes nothing', async (args, message) => {
    const { code, stderr } = await versions(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('writes first versions of rows that have none', async () => {
    await sectorWithVersions(1);
    await world.sequelize.query('TRUNCATE record_versions, record_revisions');
    const { code, stdout } = await versions('initial');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sector +1$/m);
    expect(stdout).toMatch(/^Organisation +0$/m);
  });
});
