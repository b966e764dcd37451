import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { applicationBundle } from '../crash/application-bundle';
import type { Event } from './history';
import type { Line, Orders } from './orders';

/** A process of the soak; its operations go into the history as they begin and end. */
export class SoakProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #begun = 0;

  constructor(script: 'application' | 'crm-user', orders: Orders, events: Event[]) {
    const { args } = applicationBundle(path.join(__dirname, `${script}.ts`));
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'close');
    const { stdin, stdout } = this.#child;
    if (!stdout || !stdin) throw new Error('The process has no pipes.');
    stdin.on('error', () => undefined);
    const open = new Map<number, Event>();
    createInterface({ input: stdout }).on('line', (text) => {
      const { number, ...event } = JSON.parse(text) as Line;
      const known = open.get(number);
      if (known) known.end = event.end;
      else {
        open.set(number, event);
        this.#begun += 1;
        events.push(event);
      }
    });
    stdin.write(`${JSON.stringify(orders)}\n`);
  }

  /** How many operations it has begun. */
  get operations(): number {
    return this.#begun;
  }

  /** @throws Error when it has ended by itself. */
  requireLife(): void {
    const { exitCode } = this.#child;
    if (exitCode !== null) throw new Error(`A process of the soak has ended with ${exitCode}.`);
  }

  /** Kill it with SIGKILL. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Have it finish what it is at, and end. */
  async end(): Promise<void> {
    this.#child.stdin?.write('enough\n');
    await this.#exited;
    if (this.#child.exitCode !== 0) throw new Error('A process of the soak has failed.');
  }
}
