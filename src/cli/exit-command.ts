import path from 'node:path';
import type { Command } from 'commander';
import { type ExitOptions, runExit } from '../exit';
import { UsageError } from './exit-codes';
import { withConfiguration } from './with-configuration';

interface ExitCommandOptions {
  readonly dryRun?: boolean;
  readonly database?: boolean;
  readonly root: string;
  readonly config?: string;
}

/** Add `dual-write exit`. */
export function addExitCommand(program: Command): void {
  program
    .command('exit')
    .description('take the legacy system out of the code, as MIGRATION_EXIT.md lists it')
    .option('--dry-run', 'only say what would be done')
    .option('--database', 'take it out of the database instead; prints the SQL')
    .option('--root <folder>', "the project's folder", '.')
    .option('--config <file>', 'for --database; default: dual-write.config.ts, .js or .cjs here')
    .action(exit);
}

async function exit({ root, dryRun, database, config }: ExitCommandOptions): Promise<void> {
  const options = { root: path.resolve(root), dryRun, log: (line: string) => console.log(line) };
  if (database) await exitDatabase(options, config);
  else await runExit(options);
}

async function exitDatabase(options: ExitOptions, configFile: string | undefined): Promise<void> {
  await withConfiguration(configFile, async (connected) => {
    const { sequelize } = connected;
    if (!sequelize) {
      throw new UsageError(
        'The configuration names no database: let connect return { dualWrite, sequelize, close }.',
      );
    }
    await runExit({ ...options, database: { sequelize, models: sequelize.models } });
  });
}
