import type { AdaptiveConcurrency } from './adaptive-concurrency';
import type { Priority } from './priority';
import type { RequestBudget } from './request-budget';

/** The budget is used up for longer than anybody should wait. */
export class BudgetSpentError extends Error {
  constructor(readonly retryAfterMs: number) {
    super('The budget of requests is used up');
    this.name = 'BudgetSpentError';
  }
}

/** What a {@link Limiter} keeps to. */
export interface LimiterRules {
  readonly concurrency: AdaptiveConcurrency;
  readonly budget?: RequestBudget | undefined;
}

/** What of one task the limiter must know. */
export interface Turn {
  /** Leaves the queue when it is aborted before; rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Default `'interactive'`. */
  readonly priority?: Priority | undefined;
}

interface Waiting {
  start(): void;
  refuse(error: Error): void;
}

/** The share of the turns that a bulk load leaves free, so that others do not wait for it. */
const freeForOthers = 0.25;

/** Nobody waits longer for a budget, in milliseconds. */
const longestWaitMs = 60_000;

/** Lets a number of tasks run at a time; the others wait in their order, interactive ones first. */
export class Limiter {
  #running = 0;
  #runningBulk = 0;
  #pausedUntil = 0;
  #wakeUp: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  readonly #waiting = { interactive: new Set<Waiting>(), bulk: new Set<Waiting>() };

  constructor(private readonly rules: LimiterRules) {}

  /**
   * Run a task when its turn comes.
   *
   * @throws BudgetSpentError when that would not be within a minute.
   */
  async run<Result>(task: () => Promise<Result>, turn: Turn = {}): Promise<Result> {
    const { priority = 'interactive', signal } = turn;
    await this.#turn(priority, signal);
    const wasFull = this.#running >= this.rules.concurrency.limit;
    const began = performance.now();
    try {
      const result = await task();
      this.rules.concurrency.answered(performance.now() - began, wasFull);
      return result;
    } finally {
      this.#running -= 1;
      if (priority === 'bulk') this.#runningBulk -= 1;
      this.#advance();
    }
  }

  /** The service asks for less: start nothing for a while, and then fewer at a time. */
  slowDown(milliseconds = 0): void {
    this.rules.concurrency.overloaded();
    // A longer pause that is under way stays. NOTE: not the machine's clock, which may be set back.
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + milliseconds);
  }

  #turn(priority: Priority, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[priority];
      const leave = (): void => {
        waiting.refuse(reasonOf(signal));
      };
      const waiting: Waiting = {
        start: () => {
          queue.delete(waiting);
          signal?.removeEventListener('abort', leave);
          this.#running += 1;
          if (priority === 'bulk') this.#runningBulk += 1;
          resolve();
        },
        refuse: (error) => {
          queue.delete(waiting);
          signal?.removeEventListener('abort', leave);
          if (this.#isIdle()) this.#forgetWakeUp();
          reject(error);
        },
      };
      if (signal?.aborted === true) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      queue.add(waiting);
      this.#advance();
    });
  }

  #advance(): void {
    for (const priority of ['interactive', 'bulk'] as const) {
      for (const waiting of this.#waiting[priority]) {
        if (!this.#hasRoom(priority) || this.#mustWait(this.#pausedUntil - performance.now()))
          return;
        const waitMs = this.rules.budget?.waitMs(priority) ?? 0;
        if (waitMs > longestWaitMs) {
          waiting.refuse(new BudgetSpentError(waitMs));
          continue;
        }
        // What may not be sent of one kind may be of the other.
        if (this.#mustWait(waitMs)) break;
        this.rules.budget?.spend();
        waiting.start();
      }
    }
  }

  #hasRoom(priority: Priority): boolean {
    const { limit } = this.rules.concurrency;
    if (this.#running >= limit) return false;
    if (priority === 'interactive') return true;
    return this.#runningBulk < Math.max(1, Math.floor(limit * (1 - freeForOthers)));
  }

  #isIdle(): boolean {
    return this.#waiting.interactive.size === 0 && this.#waiting.bulk.size === 0;
  }

  /** A timer for nobody would keep the process alive. */
  #forgetWakeUp(): void {
    clearTimeout(this.#wakeUp?.timer);
    this.#wakeUp = undefined;
  }

  #mustWait(milliseconds: number): boolean {
    if (milliseconds <= 0) return false;
    const at = performance.now() + milliseconds;
    if (this.#wakeUp && this.#wakeUp.at <= at) return true;
    this.#forgetWakeUp();
    const wake = (): void => {
      this.#wakeUp = undefined;
      this.#advance();
    };
    this.#wakeUp = { at, timer: setTimeout(wake, milliseconds) };
    return true;
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('Given up by the caller');
}
