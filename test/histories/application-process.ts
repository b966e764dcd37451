import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { applicationBundle } from '../crash/application-bundle';
import type { Order, Report } from './orders';

const patienceMs = 60_000;

/** A process loads its code for longer than it works: the next one does so meanwhile. */
let spare: ChildProcess | undefined;

function spawnApplication(): ChildProcess {
  const { args } = applicationBundle(path.join(__dirname, 'application.ts'));
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

let isWarm = false;

/** One that ends by itself leaves what the others need not compile again. */
function warmUp(): void {
  if (isWarm) return;
  isWarm = true;
  spawnApplication().stdin?.end();
}

/** End the process that waits for orders that will not come. */
export async function endSpareProcess(): Promise<void> {
  const child = spare;
  spare = undefined;
  if (child?.exitCode !== null) return;
  const exited = once(child, 'close');
  child.kill('SIGKILL');
  await exited;
}

/** An application at work in a process of its own. */
export class ApplicationProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #isGone = false;
  #answer: ((report: Report) => void) | undefined;

  constructor() {
    warmUp();
    this.#child = spare ?? spawnApplication();
    spare = spawnApplication();
    this.#exited = once(this.#child, 'close').then(() => {
      this.#isGone = true;
    });
    const { stdout, stdin } = this.#child;
    if (!stdout || !stdin) throw new Error('The application has no pipes.');
    // It may be dead before it reads.
    stdin.on('error', () => undefined);
    createInterface({ input: stdout }).on('line', (line) => {
      this.#answer?.(JSON.parse(line) as Report);
    });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Have an order carried out.
   *
   * @returns undefined when the process dies before it says a word.
   * @throws Error when it does not end.
   */
  async ask(order: Order): Promise<Report | undefined> {
    const answered = new Promise<Report>((resolve) => {
      this.#answer = resolve;
    });
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const died = this.#exited.then(() => undefined);
    const timer = new AbortController();
    const endless = pause(patienceMs, 'endless' as const, { signal: timer.signal });
    try {
      const end = await Promise.race([answered, died, endless]);
      if (end === 'endless') throw new Error(`Not done in a minute: ${JSON.stringify(order)}`);
      return end;
    } finally {
      endless.catch(() => undefined);
      timer.abort();
      this.#answer = undefined;
    }
  }

  /** Kill it with SIGKILL, unless it has died. */
  async kill(): Promise<void> {
    if (!this.#isGone) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
