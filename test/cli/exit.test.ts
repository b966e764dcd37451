import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
});
