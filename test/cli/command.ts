import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A run of the command, ended. */
export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what a command runs. */
export interface CommandOptions {
  /** Default: the project's folder. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A command that hangs is killed before its test gives up. */
const patienceMs = 20_000;
const root = path.resolve(__dirname, '../..');

/** Start `dual-write` from its sources. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): ChildProcess {
  const script = path.join(root, 'src/cli/main.ts');
  return spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), script, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
  });
}

/** Collect what a command says until it ends. */
async function endOf(child: ChildProcess): Promise<CommandRun> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

/** Run `dual-write` from its sources to its end. */
export async function runCommand(
  args: readonly string[],
  options?: CommandOptions,
): Promise<CommandRun> {
  return endOf(startCommand(args, options));
}
