import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { backfill } from '../../src/load';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld } from '../support/dual-world';
import { runCommand } from '../cli/command';
import { loadAccounts, resetAll, rowsOf } from './world';

const config = require.resolve('../cli/configs/example.config');

describe('a load over several processes', () => {
  let world: DualWorld;
  let env: Record<string, string>;

  beforeAll(async () => {
    world = await openDualWorld({ timeoutMs: 20_000 });
    env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
  }, 60_000);
  beforeEach(() => resetAll(world));
  afterAll(() => world.close());

  const start = (...args: string[]): ChildProcess =>
    spawn(
      process.execPath,
      ['--require', require.resolve('tsx/cjs'), path.join(__dirname, 'application.ts'), ...args],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );

  it('goes on at the very page after a SIGKILL', async () => {
    await loadAccounts(world, 330);
    for (const page of [0, 2, 1]) {
      const [, signal] = (await once(start('backfill', String(page)), 'exit')) as [null, string];
      expect(signal).toBe('SIGKILL');
    }
    const [part] = await rowsOf<{ pages: number; records: number }>(
      world,
      'SELECT pages::int, records::int FROM dual_write_load_parts',
    );
    expect(part).toEqual({ pages: 3, records: 150 });
    const report = await backfill(world.dualWrite, { models: ['Organisation'], workers: 1 });
    expect(report).toMatchObject({ isResumed: true, rejected: [] });
    expect(report.models[0]).toMatchObject({ records: 330, created: 330 });
    const urls = (await world.journal())
      .filter(({ url, entitySet }) => entitySet === 'AccountSet' && !url.includes('$top=1'))
      .map(({ url }) => url);
    // Seven pages, and after each of three kills the two that were under way.
    expect(new Set(urls).size).toBe(7);
    expect(urls.length).toBeLessThanOrEqual(7 + 3 * 2);
    await expectAgreement(world, world.models.Organisation, 'account');
    const versions = await rowsOf<{ n: number }>(
      world,
      'SELECT count(*)::int AS n FROM record_versions',
    );
    expect(versions).toEqual([{ n: 330 }]);
  }, 90_000);

  it('is worked on by another process, and this one only waits', async () => {
    await loadAccounts(world, 330);
    const worker = start('work');
    await once(worker.stdout as NodeJS.ReadableStream, 'data');
    const seen: string[] = [];
    const report = await backfill(world.dualWrite, {
      ...{ models: ['Organisation'], workers: 0, parts: 3, divideFrom: 100 },
      beforeBatch: ({ model }) => void seen.push(model),
    });
    worker.kill('SIGKILL');
    expect(report.models[0]).toMatchObject({ records: 330, created: 330 });
    expect(seen).toEqual([]);
    await expectAgreement(world, world.models.Organisation, 'account');
  }, 60_000);

  it('ends with 0, with 1 for what is rejected or differs, and says what it is', async () => {
    const keys = await loadAccounts(world, 60);
    const run = (...args: string[]) => runCommand([...args, '--config', config], { env });
    const dry = await run('backfill', 'Organisation', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/^Model +Level +Records +Parts +Rows here\nOrganisation/);
    await world.sequelize.query(
      'ALTER TABLE organisations ADD CONSTRAINT refused CHECK (employees <> 4711)',
    );
    await world.sandbox.editAsLegacyUser('account', keys[3] ?? '', { NumberOfEmployees: 4711 });
    const rejecting = await run('backfill', 'Organisation');
    expect(rejecting.code).toBe(1);
    expect(rejecting.stderr).toContain(
      'dual-write: 1 record(s) were rejected; all others are here.',
    );
    expect(rejecting.stdout).toMatch(
      `rejected: Organisation ${keys[3] ?? ''}: new row for relation`,
    );
    await world.sequelize.query('ALTER TABLE organisations DROP CONSTRAINT refused');
    const again = await run('backfill', 'Organisation', '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ rejected: [], models: [{ records: 60 }] });
    expect(await run('verify', 'Organisation')).toMatchObject({ code: 0 });
    await world.sandbox.editAsLegacyUser('account', keys[4] ?? '', { Name: 'Edited there' });
    const differing = await run('verify', 'Organisation', '--json');
    expect(differing.code).toBe(1);
    expect(JSON.parse(differing.stdout)).toMatchObject({
      ...{ left: 1, differences: [{ kind: 'fields', legacyId: keys[4], fields: ['name'] }] },
    });
    expect(differing.stdout).not.toContain('Edited there');
    expect(await run('verify', 'Organisation', '--repair', 'legacy')).toMatchObject({ code: 2 });
    const repaired = await run('verify', 'Organisation', '--repair', 'legacy', '--yes');
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toContain('name (repaired)');
    expect(await run('backfill', 'Nothing')).toMatchObject({ code: 1 });
  }, 120_000);
});
