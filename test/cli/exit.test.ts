import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDualWorld } from '../support/dual-world';
import { runCommand } from './command';

describe('dual-write exit', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dual-write-exit-'));
    await mkdir(path.join(folder, 'legacy'));
    await writeFile(path.join(folder, 'legacy', 'crm.ts'), '');
    await writeFile(path.join(folder, 'kept.ts'), '');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const list = (steps: string): Promise<void> =>
    writeFile(path.join(folder, 'MIGRATION_EXIT.md'), `# Exit\n\n\`\`\`exit\n${steps}\n\`\`\`\n`);

  it('only says with --dry-run what it would do', async () => {
    await list('delete legacy');
    const { code, stdout } = await runCommand(['exit', '--dry-run', '--root', folder]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^deleted {2}legacy$/m);
    await expect(readdir(folder)).resolves.toContain('legacy');
  });

  it('does it, in the working directory when no other is named', async () => {
    await list('delete legacy');
    const { code, stdout } = await runCommand(['exit'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^deleted {2}legacy$/m);
    const left = await readdir(folder);
    expect(left).toContain('kept.ts');
    expect(left).not.toContain('legacy');
  });

  it('lists every problem of the list, and changes nothing', async () => {
    await list('delete\nburn legacy');
    const { code, stdout, stderr } = await runCommand(['exit', '--root', folder]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^dual-write: The exit list cannot be read\.\n {2}- Line 4: .*\n {2}- Line 5: .*\n$/,
    );
    await expect(readdir(folder)).resolves.toContain('legacy');
  });

  it('needs a list', async () => {
    const { code, stderr } = await runCommand(['exit', '--root', folder]);
    expect(code).toBe(1);
    expect(stderr).toContain('MIGRATION_EXIT.md is missing');
  });

  it('takes the columns out of the database with --database, and no file', async () => {
    await list('delete legacy\ndrop-columns legacyId\ndrop-tables dual_write_rejected');
    const world = await openDualWorld();
    const env = { TEST_APPLICATION_URL: world.database.url, TEST_CRM_URL: world.sandbox.url2011 };
    const config = require.resolve('./configs/example.config');
    const args = ['exit', '--database', '--root', folder, '--config', config];
    const columns = async (): Promise<string[]> =>
      Object.keys(await world.sequelize.getQueryInterface().describeTable('sectors'));

    const dry = await runCommand([...args, '--dry-run'], { env });
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    await expect(columns()).resolves.toContain('legacy_id');

    const done = await runCommand(args, { env });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('ALTER TABLE "sectors" DROP COLUMN IF EXISTS "legacy_id";\n');
    await expect(columns()).resolves.not.toContain('legacy_id');
    await expect(readdir(folder)).resolves.toContain('legacy');
    await world.close();
  });

  it('needs for --database a configuration that names one', async () => {
    await list('drop-columns legacyId');
    const text = 'exports.connect = async () => ({ dualWrite: {}, close: async () => {} });';
    await writeFile(path.join(folder, 'dual-write.config.js'), text);
    await expect(runCommand(['exit', '--database'], { cwd: folder })).resolves.toEqual({
      code: 2,
      stdout: '',
      stderr:
        'dual-write: The configuration names no database: let connect return { dualWrite, sequelize, close }.\n',
    });
  });
});
