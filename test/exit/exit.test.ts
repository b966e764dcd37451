import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { runExit } from '../../src/exit';

const PROJECT = path.resolve(__dirname, '../..');
/** Not copied: what git does not know, and the packages, which are linked. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'dist', 'coverage']);
const LEGACY_WORDS =
  /LegacyModel|skipLegacy|legacyId|legacy-client|migrators|src\/(sync|mapping|exit)|exit: remove/;
const CODE = /\.(ts|js|json)$/;

let root: string;

/** Run a program of the copy's packages there; rejects with all that it said when it fails. */
async function run(program: string, ...args: string[]): Promise<string> {
  const file = path.join(root, 'node_modules', '.bin', program);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: process.env.TEST_DATABASE_SERVER_URL,
  };
  delete env.JEST_WORKER_ID;
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { cwd: root, env });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} has failed:\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'dual-write-exit-')));
  for (const name of await readdir(PROJECT)) {
    if (LEFT_OUT.has(name)) continue;
    await cp(path.join(PROJECT, name), path.join(root, name), { recursive: true });
  }
  await symlink(path.join(PROJECT, 'node_modules'), path.join(root, 'node_modules'));
  await runExit({ root, log: () => undefined });
}, 60_000);

afterAll(() => rm(root, { recursive: true, force: true }));

describe('the project after the exit', () => {
  it('does not mention the legacy system in its code', async () => {
    const folders = await Promise.all(['src', 'models', 'test'].map(filesBelow));
    const atTop = (await readdir(root)).filter((name) => name !== 'package-lock.json');
    const files = [...folders.flat(), ...atTop].filter((file) => CODE.test(file));
    const mentions: string[] = [];
    for (const file of files) {
      const lines = (await readFile(path.join(root, file), 'utf8')).split('\n');
      for (const [index, line] of lines.entries()) {
        if (LEGACY_WORDS.test(line)) mentions.push(`${file}:${index + 1}: ${line.trim()}`);
      }
    }
    expect(files.length).toBeGreaterThan(30);
    expect(mentions).toEqual([]);
  });

  it('compiles', async () => {
    await expect(run('tsc', '--noEmit')).resolves.toBe('');
  }, 120_000);

  it('passes the tests that stay', async () => {
    const said = await run('jest', '--silent');
    expect(said).toContain('test/example/application.test.ts');
    expect(said).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
  }, 120_000);

  it('starts, and says what the application holds', async () => {
    const said = await run('tsx', 'src/main.ts');
    expect(said).toMatch(/The application holds\n +Country +\d+\n/);
    expect(said).not.toContain('tour');
  }, 60_000);
});
