import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sandbox } from './control';
import { connectSandbox } from './remote';
import { sandboxAddresses, type SandboxOptions } from './server';

/** Options that can be handed to another process. */
export type SandboxProcessOptions = Omit<SandboxOptions, 'now' | 'onWrite'>;

/** A child that does not end in this time is killed. */
const patienceMs = 5000;

/** From TypeScript sources the child needs the same loader; compiled sources need none. */
function loaderArguments(): string[] {
  if (extname(__filename) !== '.ts') return [];
  return ['--require', createRequire(__filename).resolve('tsx/cjs')];
}

async function firstLine(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('The sandbox process has no output to read');
  const lines = createInterface({ input: stdout });
  try {
    const [line] = (await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`The sandbox process ended with ${String(code)} before it was ready`);
      }),
    ])) as [string];
    return line;
  } finally {
    lines.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.stdin?.end();
  await exited;
  clearTimeout(timer);
}

/**
 * Start a sandbox in a process of its own, which outlives a killed application but not this one.
 *
 * @throws Error when the process ends before it is ready; what it said is on stderr.
 */
export async function startSandboxProcess(options: SandboxProcessOptions = {}): Promise<Sandbox> {
  const file = join(__dirname, `process${extname(__filename)}`);
  const child = spawn(process.execPath, [...loaderArguments(), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, DUAL_WRITE_SANDBOX_OPTIONS: JSON.stringify(options) },
  });
  const { url } = JSON.parse(await firstLine(child)) as { url: string };
  return {
    ...connectSandbox(url),
    ...sandboxAddresses(url),
    close: async () => {
      await end(child);
    },
  };
}
