import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { copyPostgresBinaries } from './postgres-binaries';
import {
  createPostgresFolder,
  findUnprivilegedUser,
  type UnprivilegedUser,
} from './postgres-folder';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const PORT_ATTEMPTS = 5;

/** A PostgreSQL server to work with. */
export interface DatabaseServer {
  /** `postgres://user:password@127.0.0.1:54321/postgres`, of a user who may create databases. */
  readonly url: string;
  /** End the server if we started it, and remove its data. May be called again. */
  stop(): Promise<void>;
}

/** Where {@link startPostgres} puts its files. */
export interface StartPostgresOptions {
  /** The folder in which a temporary folder is made; by default the system's own. */
  readonly directory?: string;
  /** Wait for the disk at each COMMIT, as a server in earnest does; default false. */
  readonly durable?: boolean;
}

interface Installation {
  readonly folder: string;
  readonly binaries: string;
  readonly user: UnprivilegedUser | undefined;
  readonly password: string;
  readonly durable: boolean;
}

/**
 * Give the server that `DATABASE_URL` names, or start one of our own.
 *
 * @throws Error when the server does not start.
 */
export async function databaseServer(options: StartPostgresOptions = {}): Promise<DatabaseServer> {
  const url = process.env.DATABASE_URL;
  return url ? { url, stop: () => Promise.resolve() } : startPostgres(options);
}

/**
 * Start an empty PostgreSQL for development and tests, on 127.0.0.1 and a free port.
 *
 * It is fast rather than safe (`fsync` is off) unless it is to be `durable`. It ends with {@link DatabaseServer.stop}, and also
 * when this process dies, however it dies.
 *
 * @throws Error with the end of the server's log when it does not start.
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<DatabaseServer> {
  const user = findUnprivilegedUser();
  const folder = await createPostgresFolder(user, options.directory);
  try {
    const binaries = await copyPostgresBinaries(folder);
    const { durable = false } = options;
    const password = randomBytes(16).toString('hex');
    const installation = { folder, binaries, user, password, durable };
    await initialise(installation);
    return await startOnFreePort(installation);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function initialise({ folder, binaries, user, password }: Installation): Promise<void> {
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  await promisify(execFile)(
    path.join(binaries, 'initdb'),
    [
      `--pgdata=${path.join(folder, 'data')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The same order of strings on every machine, whatever locales it has.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--set=scram_iterations=1',
      '--no-sync',
    ],
    { ...user, cwd: folder, env: { LC_ALL: 'C', TZ: 'UTC' } },
  );
  await rm(passwordFile);
}

async function startOnFreePort(installation: Installation): Promise<DatabaseServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    const server = spawnServer(installation, port);
    try {
      await untilReady(installation.folder, server);
    } catch (error) {
      await endServer(server);
      // Somebody may have taken the port between our look and the server's.
      if (attempt === PORT_ATTEMPTS || !(await hasLostPort(installation.folder))) throw error;
      continue;
    }
    const stopWatching = watchOverOurDeath(server, installation.folder);
    return {
      url: `postgres://postgres:${installation.password}@127.0.0.1:${port}/postgres`,
      stop: async () => {
        stopWatching();
        await endServer(server);
        await rm(installation.folder, { recursive: true, force: true });
      },
    };
  }
}

function spawnServer(
  { folder, binaries, user, durable }: Installation,
  port: number,
): ChildProcess {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    shared_buffers: '64MB',
    timezone: 'UTC',
  };
  const log = openSync(path.join(folder, 'log'), 'w');
  const server = spawn(
    path.join(binaries, 'postgres'),
    [
      '-D',
      path.join(folder, 'data'),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    // Detached: a Ctrl-C in the terminal is for us to handle, and must not cut our work short.
    {
      ...user,
      cwd: folder,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      detached: true,
    },
  );
  closeSync(log);
  // NOTE: an 'error' without a listener would be uncaught; untilReady() reports the failed start.
  server.on('error', () => undefined);
  server.unref();
  return server;
}

async function untilReady(folder: string, server: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < giveUpAt) {
    if (hasEnded(server)) break;
    const state = await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8').catch(
      () => '',
    );
    if (/^ready\s*$/m.test(state)) return;
    await delay(10);
  }
  throw new Error(`PostgreSQL did not start. The end of its log:\n${await endOfLog(folder)}`);
}

async function hasLostPort(folder: string): Promise<boolean> {
  return (await endOfLog(folder)).includes('could not bind');
}

async function endOfLog(folder: string): Promise<string> {
  return (await readFile(path.join(folder, 'log'), 'utf8').catch(() => '')).slice(-2000);
}

/** Have a tiny shell wait for our end of a pipe to close, which even SIGKILL cannot prevent. */
function watchOverOurDeath(server: ChildProcess, folder: string): () => void {
  // There, folders of the dead are removed by the next start.
  if (process.platform === 'win32') return () => undefined;
  const script = 'read -r _; kill -QUIT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"';
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(server.pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => undefined);
  watcher.unref();
  const stopWatching = () => void watcher.kill('SIGKILL');
  // Its number may be somebody else's later.
  server.once('exit', stopWatching);
  return stopWatching;
}

async function endServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.ref();
  server.kill('SIGINT');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

function hasEnded(server: ChildProcess): boolean {
  return server.pid === undefined || server.exitCode !== null || server.signalCode !== null;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('The system gave no free port on 127.0.0.1.'));
      });
    });
  });
}
