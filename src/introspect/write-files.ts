import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keptDifferences } from './kept-differences';
import type { IntrospectionPlan } from './plan';
import { migratorIndexSource, migratorSource } from './write-migrator';
import { baseSource, modelIndexSource, modelSource } from './write-model';

/** What became of the files of a plan. */
export interface WrittenFiles {
  /** Relative to the folder, with slashes. */
  readonly written: readonly string[];
  /** Files that were there: left as they are. */
  readonly kept: readonly string[];
  /** Of these, what differs from what the service says: `+` only there, `-` only here. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
}

/** The source of every file of a plan, by its path relative to the project's folder. */
export function sourcesOf(plan: IntrospectionPlan): ReadonlyMap<string, string> {
  const sources = new Map([
    ['models/base.ts', baseSource],
    ['models/index.ts', modelIndexSource(plan)],
    ['migrators/index.ts', migratorIndexSource(plan)],
  ]);
  for (const model of plan.models) {
    sources.set(`models/${model.file}.ts`, modelSource(model));
    sources.set(`migrators/${model.file}.ts`, migratorSource(model, plan.dialect));
  }
  return sources;
}

/** Write the files of a plan into a folder. What is there already may hold changes by hand: it stays. */
export async function writeFiles(plan: IntrospectionPlan, folder: string): Promise<WrittenFiles> {
  const written: string[] = [];
  const kept: string[] = [];
  const differences = new Map<string, readonly string[]>();
  for (const [name, source] of sourcesOf(plan)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (await isWritten(file, source)) {
      written.push(name);
      continue;
    }
    kept.push(name);
    const found = keptDifferences(plan, name, await readFile(file, 'utf8'));
    if (found.length > 0) differences.set(name, found);
  }
  return { written: written.sort(), kept: kept.sort(), differences };
}

async function isWritten(file: string, source: string): Promise<boolean> {
  try {
    await writeFile(file, source, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
