import { version } from '../../package.json';
import { runCommand } from './command';

describe('dual-write', () => {
  it('says with --help what it can do, and what its exit codes mean', async () => {
    const { code, stdout, stderr } = await runCommand(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: dual-write \[options\] \[command\]$/m);
    for (const command of ['sandbox', 'status', 'exit']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} \\[options\\] +\\w`, 'm'));
    }
    expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 used wrongly.');
  });

  it.each([
    ['sandbox', ['--port', '--schema']],
    ['status', ['--config', '--json']],
    ['exit', ['--dry-run', '--database', '--root', '--config']],
  ])('says with %s --help which options that takes', async (command, options) => {
    const { code, stdout } = await runCommand([command, '--help']);
    expect(code).toBe(0);
    for (const option of options) expect(stdout).toMatch(new RegExp(`^  ${option}\\b.* \\w`, 'm'));
  });

  it('prints the version of the package', async () => {
    await expect(runCommand(['--version'])).resolves.toMatchObject({
      code: 0,
      stdout: `${version}\n`,
    });
  });

  it.each([
    [['nonsense'], "dual-write: unknown command 'nonsense'\n"],
    [['status', '--nonsense'], "dual-write: unknown option '--nonsense'\n"],
    [
      ['sandbox', '--port', '70000'],
      "dual-write: option '--port <number>' argument '70000' is invalid. A port is a whole number from 0 to 65535.\n",
    ],
  ])('answers %j with one line, and 2', async (args, stderr) => {
    await expect(runCommand(args)).resolves.toEqual({ code: 2, stdout: '', stderr });
  });

  it('prints its help to stderr when nothing is asked for', async () => {
    const { code, stdout, stderr } = await runCommand([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: dual-write');
  });
});
