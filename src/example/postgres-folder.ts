import { execFileSync } from 'node:child_process';
import { chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';

const PREFIX = 'dual-write-postgres-';
const OWNER_FILE = 'owner.json';
const OTHERS_MAY_ENTER = 0o001;

/** The user that PostgreSQL's programs run as; it refuses to run as root. */
export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

/** Who made a folder, so that a later run can tell whether anybody still wants it. */
interface FolderOwner {
  readonly pid: number;
  /** Tells this process from a later one of the same number; null where the system does not say. */
  readonly startedAt: string | null;
  readonly host: string;
}

/**
 * Choose the user for PostgreSQL: `postgres` or `nobody` when we are root.
 *
 * @returns undefined when we are not root and need no other user.
 */
export function findUnprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const found = users.find(([name]) => name === wanted);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  return { uid: 65_534, gid: 65_534 };
}

/**
 * Make a temporary folder that names us as its owner.
 *
 * @param parent - where; by default the system's folder for temporary files.
 * @throws Error when the user may not enter it.
 */
export async function createPostgresFolder(
  user: UnprivilegedUser | undefined,
  parent: string = findParent(user),
): Promise<string> {
  if (user && !mayBeEnteredByOthers(parent)) {
    throw new Error(
      `PostgreSQL will not run as root, and other users may not enter ${parent}. ` +
        'Name a folder that they may enter, or run this as another user.',
    );
  }
  await removeAbandonedFolders(parent);
  const folder = await mkdtemp(path.join(parent, PREFIX));
  const owner: FolderOwner = {
    pid: process.pid,
    startedAt: startTimeOf(process.pid),
    host: hostname(),
  };
  await writeFile(path.join(folder, OWNER_FILE), JSON.stringify(owner));
  if (user) await chown(folder, user.uid, user.gid);
  return folder;
}

/** Remove the folders, and end the servers, of processes of this machine that have died. */
async function removeAbandonedFolders(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = path.join(parent, name);
    const owner = await readOwner(folder);
    if (owner?.host !== hostname() || isAlive(owner)) continue;
    await endServerOf(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function readOwner(folder: string): Promise<FolderOwner | undefined> {
  const file = path.join(folder, OWNER_FILE);
  try {
    // Anybody may write to the system's folder for temporary files: believe only ourselves.
    if ((await stat(file)).uid !== (process.getuid?.() ?? 0)) return undefined;
    return JSON.parse(await readFile(file, 'utf8')) as FolderOwner;
  } catch {
    // Being made, or being removed, by somebody else at this moment.
    return undefined;
  }
}

function isAlive(owner: FolderOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner.startedAt === startTimeOf(owner.pid);
}

/** End the server whose data lie in this folder; never a process that merely got its number. */
async function endServerOf(folder: string): Promise<void> {
  const recorded = await readFile(path.join(folder, 'data', 'postmaster.pid'), 'utf8').catch(
    () => '',
  );
  const pid = Number.parseInt(recorded, 10);
  if (!Number.isInteger(pid) || pid <= 1 || !commandOf(pid).includes(folder)) return;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    // Ended meanwhile.
  }
}

function commandOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

function startTimeOf(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold blanks; the 22nd field is the start time.
    return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Find a folder for temporary files that the server's user may enter. */
function findParent(user: UnprivilegedUser | undefined): string {
  if (!user) return tmpdir();
  return [tmpdir(), '/tmp', '/var/tmp'].find(mayBeEnteredByOthers) ?? tmpdir();
}

function mayBeEnteredByOthers(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (!stats || !(stats.mode & OTHERS_MAY_ENTER)) return false;
  const parent = path.dirname(folder);
  return parent === folder || mayBeEnteredByOthers(parent);
}
