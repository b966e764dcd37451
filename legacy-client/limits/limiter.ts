import type { AdaptiveConcurrency } from './adaptive-concurrency';
import type { Priority } from './priority';
import type { RequestBudget } from './request-budget';
import { longestWaiting, Share, type Waiting } from './share';

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
  /** Whose task it is; default: one that all tasks without have in common. */
  readonly share?: Share;
}

/** The share of the turns that a bulk load leaves free, so that others do not wait for it. */
const freeForOthers = 0.25;

/** Where interactive tasks never end, every tenth turn is one of a load, so that it ends one day. */
const passedOverAtMost = 9;

/** Nobody waits longer for a budget, in milliseconds. */
const longestWaitMs = 60_000;

/** Lets a number of tasks run at a time; the others wait in their order, interactive ones first. */
export class Limiter {
  #running = 0;
  #runningBulk = 0;
  #pausedUntil = 0;
  #places = 0;
  /** Interactive turns since a load that waits had its last. */
  #passedOver = 0;
  #wakeUp: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  /** Those for whom somebody waits. */
  readonly #shares = new Set<Share>();
  readonly #common = new Share();

  constructor(private readonly rules: LimiterRules) {}

  /** Whether the service has asked for a pause that is not over. */
  get isPaused(): boolean {
    return this.#pausedUntil > performance.now();
  }

  /**
   * Run a task when its turn comes.
   *
   * @throws BudgetSpentError when that would not be within a minute.
   */
  async run<Result>(task: () => Promise<Result>, turn: Turn = {}): Promise<Result> {
    const { priority = 'interactive', share = this.#common } = turn;
    await this.#turn(share, priority, turn.signal);
    const wasFull = this.#running >= this.rules.concurrency.limit;
    const began = performance.now();
    try {
      const result = await task();
      const { slowMs } = share.terms;
      this.rules.concurrency.answered(performance.now() - began, { wasFull, slowMs });
      return result;
    } finally {
      this.#running -= 1;
      share.running -= 1;
      if (priority === 'bulk') this.#runningBulk -= 1;
      this.advance();
    }
  }

  /** The service asks for less: start nothing for a while, and then fewer at a time. */
  slowDown(milliseconds = 0): void {
    this.rules.concurrency.overloaded();
    // A longer pause that is under way stays. NOTE: not the machine's clock, which may be set back.
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + milliseconds);
  }

  #turn(share: Share, priority: Priority, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = share.waiting[priority];
      const leave = (): void => {
        waiting.refuse(reasonOf(signal));
      };
      const left = (): void => {
        queue.delete(waiting);
        signal?.removeEventListener('abort', leave);
        if (share.isIdle) this.#shares.delete(share);
      };
      const waiting: Waiting = {
        place: (this.#places += 1),
        start: () => {
          left();
          this.#running += 1;
          share.running += 1;
          if (priority === 'bulk') this.#runningBulk += 1;
          resolve();
        },
        refuse: (error) => {
          left();
          if (this.#shares.size === 0) this.#forgetWakeUp();
          reject(error);
        },
      };
      if (signal?.aborted === true) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      queue.add(waiting);
      this.#shares.add(share);
      this.advance();
    });
  }

  /** Start what may be started; whoever changes the rules calls it. */
  advance(): void {
    while (this.#shares.size > 0) {
      const isFull = this.#running >= this.rules.concurrency.limit;
      if (isFull || this.#mustWait(this.#pausedUntil - performance.now())) return;
      if (!this.#inTurn().some((priority) => this.#startOne(priority))) return;
    }
  }

  #inTurn(): readonly Priority[] {
    return this.#passedOver >= passedOverAtMost ? ['bulk', 'interactive'] : ['interactive', 'bulk'];
  }

  /** False where nobody of this kind waits, or may start now. */
  #startOne(priority: Priority): boolean {
    if (priority === 'bulk' && !this.#hasRoomForBulk()) return false;
    for (;;) {
      const waiting = longestWaiting(this.#shares, priority);
      if (waiting === undefined) return false;
      const waitMs = this.rules.budget?.waitMs(priority) ?? 0;
      if (waitMs <= longestWaitMs) {
        if (this.#mustWait(waitMs)) return false;
        this.rules.budget?.spend();
        this.#noteTurn(priority);
        waiting.start();
        return true;
      }
      waiting.refuse(new BudgetSpentError(waitMs));
    }
  }

  #noteTurn(priority: Priority): void {
    const isLoadWaiting =
      priority === 'interactive' && longestWaiting(this.#shares, 'bulk') !== undefined;
    this.#passedOver = isLoadWaiting ? this.#passedOver + 1 : 0;
  }

  #hasRoomForBulk(): boolean {
    const { limit } = this.rules.concurrency;
    return this.#runningBulk < Math.max(1, Math.floor(limit * (1 - freeForOthers)));
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
      this.advance();
    };
    this.#wakeUp = { at, timer: setTimeout(wake, milliseconds) };
    return true;
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('Given up by the caller');
}
