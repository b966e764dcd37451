import { once } from 'node:events';
import type { Command } from 'commander';
import { work } from '../load';
import { readCount } from './load-options';
import { configHelp, withConfiguration } from './with-configuration';

interface WorkCommandOptions {
  readonly workers: number;
  readonly config?: string;
}

/** Add `dual-write work`. */
export function addWorkCommand(program: Command): void {
  program
    .command('work')
    .description('help with loads and verifications of other machines, until Ctrl-C')
    .option('--workers <number>', 'parts read at once', readCount, 2)
    .option('--config <file>', configHelp)
    .action(run);
}

async function run({ workers, config: file }: WorkCommandOptions): Promise<void> {
  await withConfiguration(file, async (connected) => {
    const running = await work(connected.dualWrite, { workers });
    console.log(`Working with ${workers} worker(s). End with Ctrl-C.`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await running.stop();
  });
}
