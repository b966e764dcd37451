import { randomUUID } from 'node:crypto';
import type { TwoSides } from '../../src';
import { keyOf } from '../../src/example/reference-data';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand, type CommandRun } from './command';

const config = require.resolve('./configs/example.config');

describe('the commands for records that are not in step', () => {
  let world: DualWorld;
  let env: Record<string, string>;
  let id: string;
  const key = keyOf('sector/1');

  beforeAll(async () => {
    world = await openDualWorld();
    env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE dual_write_intents');
    await world.sandbox.load('optevia_sector', [
      { optevia_sectorId: key, optevia_name: 'Fictional Foundries' },
    ]);
    const { Sector } = world.models;
    const [sector] = await Sector.findAll();
    id = String(sector?.id);
    await sector?.update({ name: 'Changed here only' }, { skipLegacy: true });
  });

  const run = (...args: string[]): Promise<CommandRun> =>
    runCommand([...args, '--config', config], { env });

  it('show both sides and what each choice would do, and change nothing', async () => {
    const { code, stdout, stderr } = await run('repair', 'Sector', id);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        `Sector ${id}, legacy key ${key}`,
        'here: yes, with changes that are not there',
        'there: yes',
        '',
        'Attribute  Here               There',
        'name       Changed here only  Fictional Foundries',
        '',
        '--take local   sets the legacy record',
        '--take legacy  sets the row',
        '',
      ].join('\n'),
    );
    expect((await world.dualWrite.inspect('Sector', id)).isAhead).toBe(true);
  });

  it('settle in the direction that is chosen, and show both sides afterwards', async () => {
    const { code, stdout } = await run('repair', 'Sector', id, '--take', 'local', '--yes');
    expect(code).toBe(0);
    expect(stdout).toContain('Done. Now:');
    expect(stdout.trimEnd().endsWith('All mapped fields agree.')).toBe(true);
    const [record] = await world.sandbox.records('optevia_sector');
    expect(record?.optevia_name).toBe('Changed here only');
  });

  it('change nothing when nobody can be asked and nobody said yes', async () => {
    const { code, stderr } = await run('repair', 'Sector', id, '--take', 'legacy');
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect((await world.dualWrite.inspect('Sector', id)).isAhead).toBe(true);
  });

  it('print JSON for scripts, and fail for what nobody knows', async () => {
    const { stdout } = await run('repair', 'Sector', key, '--json');
    expect((JSON.parse(stdout) as TwoSides).legacyId).toBe(key);
    const { code, stderr } = await run('repair', 'Sector', randomUUID());
    expect(code).toBe(1);
    expect(stderr).toContain('Neither side knows');
  });

  it('recover, and say what could not be settled', async () => {
    expect(await run('recover')).toMatchObject({ code: 0, stderr: '' });
    await world.sequelize.query(
      `INSERT INTO dual_write_intents (id, unit, sequence, operation, model, local_id, legacy_id, sent, before, noted_at)
       VALUES (4712, $1, 0, 'update', 'Unknown', '1', NULL, '{}', '{}', now() - interval '1 day')`,
      { bind: [randomUUID()] },
    );
    const { code, stdout, stderr } = await run('recover');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^in doubt +1$/m);
    expect(stderr).toContain('could not be settled');
  });
});
