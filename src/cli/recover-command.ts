import type { Command } from 'commander';
import { tableLines } from './table';
import { configHelp, withConfiguration } from './with-configuration';

interface RecoverOptions {
  readonly config?: string;
}

/** Add `dual-write recover`. */
export function addRecoverCommand(program: Command): void {
  program
    .command('recover')
    .description('settle legacy writes whose transactions ended without doing so')
    .option('--config <file>', configHelp)
    .action(recover);
}

/** NOTE: what stays in doubt fails the command, so that a scheduled run tells somebody. */
async function recover({ config }: RecoverOptions): Promise<void> {
  await withConfiguration(config, async (connected) => {
    const report = await connected.dualWrite.recover();
    const rows = Object.entries(report).map(([outcome, units]) => ({ outcome, units }));
    for (const line of tableLines(rows)) console.log(line);
    if (report['in doubt'] === 0) return;
    throw new Error(
      `${report['in doubt']} unit(s) of work could not be settled yet. "dual-write status" lists ` +
        'their writes with the reasons, "dual-write repair" settles a record.',
    );
  });
}
