import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { databaseServer, startPostgres } from '../../src/example/embedded-postgres';

const PROJECT = path.resolve(__dirname, '../..');

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'dual-write-test-'));
  await chmod(directory, 0o755);
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement);
  await client.end();
  return Object.values(rows[0] ?? {})[0];
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(25);
}

async function isGone(pid: number): Promise<boolean> {
  await delay(0);
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

/** Start a server in another process. */
async function startElsewhere(): Promise<{ owner: ChildProcess; folder: string; pid: number }> {
  const owner = spawn(
    process.execPath,
    [
      '--require',
      'tsx/cjs',
      '--eval',
      `require('./src/example/embedded-postgres')
        .startPostgres({ directory: ${JSON.stringify(directory)} })
        .then(() => { console.log('ready'); setInterval(() => {}, 1000); })`,
    ],
    { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(owner.stdout, 'data');
  const [name] = await readdir(directory);
  const folder = path.join(directory, String(name));
  const pidFile = await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8');
  return { owner, folder, pid: Number.parseInt(pidFile, 10) };
}

async function leaveFolder(name: string, owner: object): Promise<void> {
  await mkdir(path.join(directory, name));
  await writeFile(path.join(directory, name, 'owner.json'), JSON.stringify(owner));
}

async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('startPostgres', () => {
  it('starts a server for us alone and removes it', async () => {
    const server = await startPostgres({ directory });
    const { hostname: host, password } = new URL(server.url);
    expect(host).toBe('127.0.0.1');
    await expect(ask(server.url, 'SHOW listen_addresses')).resolves.toBe('127.0.0.1');
    await expect(ask(server.url, 'SHOW max_connections')).resolves.toBe('200');
    await expect(ask(server.url, "SELECT upper('ż')")).resolves.toBe('Ż');
    await expect(ask(server.url.replace(password, 'guess'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    );
    await server.stop();
    await server.stop();
    await expect(ask(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await expect(readdir(directory)).resolves.toEqual([]);
  });

  it('ends the server when its owner is killed', async () => {
    const { owner, folder, pid } = await startElsewhere();
    expect(await isGone(pid)).toBe(false);
    owner.kill('SIGKILL');
    await until(() => isGone(pid));
    await until(async () => !(await readdir(directory)).includes(path.basename(folder)));
  });

  it('removes what the dead have left, and nothing else', async () => {
    const dead = { pid: await pidOfTheDead(), startedAt: '1', host: hostname() };
    await leaveFolder('dual-write-postgres-dead', dead);
    await leaveFolder('dual-write-postgres-elsewhere', { ...dead, host: 'example.org' });
    await leaveFolder('something-else', dead);
    const neighbour = await startPostgres({ directory });
    const server = await startPostgres({ directory });
    expect(await readdir(directory)).not.toContain('dual-write-postgres-dead');
    await expect(ask(neighbour.url, 'SELECT 1')).resolves.toBe(1);
    await Promise.all([server.stop(), neighbour.stop()]);
    expect((await readdir(directory)).sort()).toEqual([
      'dual-write-postgres-elsewhere',
      'something-else',
    ]);
  });

  it('ends the server that the dead have left', async () => {
    const orphan = await startPostgres({ directory });
    const [name] = await readdir(directory);
    const owner = { pid: await pidOfTheDead(), startedAt: '1', host: hostname() };
    await writeFile(path.join(directory, String(name), 'owner.json'), JSON.stringify(owner));
    const server = await startPostgres({ directory });
    expect(await readdir(directory)).not.toContain(name);
    await until(() =>
      ask(orphan.url, 'SELECT 1')
        .then(() => false)
        .catch(() => true),
    );
    await Promise.all([orphan.stop(), server.stop()]);
  });

  it('does not mistake a later process of the same number for the owner', async () => {
    const earlier = { pid: process.pid, startedAt: '1', host: hostname() };
    await leaveFolder('dual-write-postgres-dead', earlier);
    const server = await startPostgres({ directory });
    // Only Linux tells when a process was started; elsewhere the folder is kept.
    expect((await readdir(directory)).includes('dual-write-postgres-dead')).toBe(
      process.platform !== 'linux',
    );
    await server.stop();
  });

  it('says why it does not start', async () => {
    const nowhere = path.join(directory, 'nowhere');
    await expect(startPostgres({ directory: nowhere })).rejects.toThrow(/nowhere/);
  });
});

describe('databaseServer', () => {
  const before = process.env.DATABASE_URL;

  afterEach(() => {
    if (before === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = before;
  });

  it('takes the server that DATABASE_URL names, and leaves it running', async () => {
    const url = process.env.TEST_DATABASE_SERVER_URL ?? '';
    process.env.DATABASE_URL = url;
    const server = await databaseServer();
    expect(server.url).toBe(url);
    await server.stop();
    await expect(ask(url, 'SELECT 1')).resolves.toBe(1);
  });
});
