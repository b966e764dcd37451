import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Sequelize } from 'sequelize';
import { ExitError } from './errors';
import { type ExitStep, parseExitList } from './exit-list';
import { carryOut } from './removal';
import { dropLegacyColumns, dropStatements, type ExitModels, type LegacySchema } from './schema';

/** Options of {@link runExit}. */
export interface ExitOptions {
  /** The project's folder, with MIGRATION_EXIT.md. */
  readonly root: string;
  /** Only say what would be done. Default false. */
  readonly dryRun?: boolean;
  /** Take one line of the account. */
  readonly log: (line: string) => void;
  /** With it the database's steps are carried out instead of the files'. */
  readonly database?: { readonly sequelize: Sequelize; readonly models: ExitModels };
}

const listName = 'MIGRATION_EXIT.md';

/**
 * Carry out the exit as MIGRATION_EXIT.md lists it: the files' steps, or with `database` the
 * database's.
 *
 * @throws ExitError when the list cannot be read or does not fit, or when git knows of uncommitted
 * changes, without which there would be no way back; then nothing has been changed.
 */
export async function runExit(options: ExitOptions): Promise<void> {
  const steps = readExitList(options.root);
  if (options.database) await runDatabaseSteps(steps, options.database, options);
  else await runFileSteps(steps, options);
}

/**
 * Read the steps of a project's MIGRATION_EXIT.md.
 *
 * @throws ExitError when there is none, or it cannot be read.
 */
export function readExitList(root: string): ExitStep[] {
  const file = path.join(root, listName);
  if (!existsSync(file)) {
    throw new ExitError('There is no exit list.', [
      `${listName} is missing in ${root}. An application writes its own: see "In your own ` +
        'application" in the one that comes with sequelize-dual-write.',
    ]);
  }
  return parseExitList(readFileSync(file, 'utf8'));
}

/** What the exit list wants gone from the database. */
export function legacySchemaOf(steps: readonly ExitStep[]): LegacySchema {
  return {
    attributes: steps.flatMap((step) => (step.verb === 'drop-columns' ? step.attributes : [])),
    tables: steps.flatMap((step) => (step.verb === 'drop-tables' ? step.tables : [])),
  };
}

async function runFileSteps(steps: readonly ExitStep[], options: ExitOptions): Promise<void> {
  const { root, dryRun = false, log } = options;
  if (!dryRun) requireNoUncommittedChanges(root);
  const { deleted, changed } = await carryOut(root, steps, { dryRun });
  for (const file of deleted) log(`deleted  ${file}`);
  for (const file of changed) log(`changed  ${file}`);
  if (dryRun) log('This was a dry run: nothing has been changed.');
  else log('Now run npm install, which takes the packages out, then npm test, and commit.');
}

async function runDatabaseSteps(
  steps: readonly ExitStep[],
  { sequelize, models }: NonNullable<ExitOptions['database']>,
  { dryRun = false, log }: ExitOptions,
): Promise<void> {
  const schema = legacySchemaOf(steps);
  const statements = dryRun
    ? dropStatements(sequelize, models, schema)
    : await dropLegacyColumns(sequelize, models, schema);
  for (const statement of statements) log(`${statement};`);
  if (dryRun) log('-- This was a dry run: nothing has been changed.');
}

function requireNoUncommittedChanges(root: string): void {
  if (!existsSync(path.join(root, '.git'))) return;
  const changes = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (changes === '') return;
  throw new ExitError('Commit your changes first: git is the way back. Nothing was changed.', [
    ...changes.trimEnd().split('\n'),
  ]);
}
