import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addBackfillCommand } from './backfill-command';
import { addCheckCommand } from './check-command';
import { addExitCommand } from './exit-command';
import { addExplainCommand } from './explain-command';
import { addIntrospectCommand } from './introspect-command';
import { addRecoverCommand } from './recover-command';
import { addRepairCommand } from './repair-command';
import { addSandboxCommand } from './sandbox-command';
import { addStatusCommand } from './status-command';
import { addVerifyCommand } from './verify-command';
import { addVersionsCommand } from './versions-command';
import { addWorkCommand } from './work-command';
import { exitCodes, UsageError } from './exit-codes';
import { describeFailure, withoutSecrets } from './failure';

/**
 * Run the command line: what is asked for goes to stdout, what went wrong to stderr.
 *
 * @param given - the arguments after the command's name: `['status', '--json']`.
 * @returns the code to end the process with: 0 done, 1 failed, 2 used wrongly.
 */
export async function runCommand(given: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync([...given], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Commander has said by itself what is wrong, or has printed the help that was asked for.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usedWrongly;
    }
    const { verbose = false } = program.opts<{ verbose?: boolean }>();
    console.error(describeFailure(error, verbose));
    return error instanceof UsageError ? exitCodes.usedWrongly : exitCodes.failed;
  }
}

function createProgram(): Command {
  const program = new Command('dual-write')
    .description('Operate an application that writes to PostgreSQL and to a legacy system.')
    .version(version(), '--version', 'print the version')
    .option('--verbose', 'print stacks with errors')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 used wrongly.')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(withoutSecrets(text.replace(/^error: /, 'dual-write: ')));
      },
    });
  addSandboxCommand(program);
  addCheckCommand(program);
  addStatusCommand(program);
  addIntrospectCommand(program);
  addRecoverCommand(program);
  addRepairCommand(program);
  addBackfillCommand(program);
  addVerifyCommand(program);
  addWorkCommand(program);
  addVersionsCommand(program);
  addExplainCommand(program);
  addExitCommand(program);
  return program;
}

function version(): string {
  const description: unknown = createRequire(__filename)('sequelize-dual-write/package.json');
  return (description as { version: string }).version;
}
