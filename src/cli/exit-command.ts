import path from 'node:path';
import type { Command } from 'commander';
import { runExit } from '../exit';

interface ExitCommandOptions {
  readonly dryRun?: boolean;
  readonly root: string;
}

/** Add `dual-write exit`. */
export function addExitCommand(program: Command): void {
  program
    .command('exit')
    .description('take the legacy system out of the code, as MIGRATION_EXIT.md lists it')
    .option('--dry-run', 'only say what would be done')
    .option('--root <folder>', "the project's folder", '.')
    .action(exit);
}

async function exit({ root, dryRun }: ExitCommandOptions): Promise<void> {
  await runExit({ root: path.resolve(root), dryRun, log: (line) => console.log(line) });
}
