import type { Priority } from './priority';

/**
 * How many requests may be sent in a time, by all clients together that the process has at a service
 * as one user.
 */
export interface BudgetOptions {
  readonly perMinute?: number;
  readonly perDay?: number;
  /**
   * The share of each that only interactive calls may use, from 0 to 1; default 0.2. So a bulk load
   * never leaves a user without an answer.
   */
  readonly reserve?: number;
}

/** The requests of the last so many milliseconds, in buckets. */
class SlidingCount {
  readonly #buckets: number[];
  readonly #bucketMs: number;
  #latest = 0;
  #total = 0;

  constructor(
    readonly most: (budget: BudgetOptions) => number | undefined,
    windowMs: number,
    buckets: number,
  ) {
    this.#buckets = Array.from({ length: buckets }, () => 0);
    this.#bucketMs = windowMs / buckets;
  }

  add(now: number): void {
    const slot = this.#advance(now);
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + 1;
    this.#total += 1;
  }

  /** Milliseconds until fewer than `allowed` are in the window; 0 when that is so now. */
  waitMs(allowed: number, now: number): number {
    this.#advance(now);
    let left = this.#total;
    let age = this.#buckets.length - 1;
    while (left >= allowed && age >= 0) {
      left -= this.#buckets[(this.#latest - age) % this.#buckets.length] ?? 0;
      if (left < allowed) return this.#untilForgotten(age, now);
      age -= 1;
    }
    return left < allowed ? 0 : Number.POSITIVE_INFINITY;
  }

  /** When the bucket of this age leaves the window. */
  #untilForgotten(age: number, now: number): number {
    const forgottenAt = (this.#latest - age + this.#buckets.length) * this.#bucketMs;
    return Math.max(1, forgottenAt - now);
  }

  /** Forget what is older than the window; gives the place of the present bucket. */
  #advance(now: number): number {
    const present = Math.floor(now / this.#bucketMs);
    const first = Math.max(this.#latest + 1, present - this.#buckets.length + 1);
    for (let bucket = first; bucket <= present; bucket += 1) {
      const slot = bucket % this.#buckets.length;
      this.#total -= this.#buckets[slot] ?? 0;
      this.#buckets[slot] = 0;
    }
    this.#latest = Math.max(this.#latest, present);
    return this.#latest % this.#buckets.length;
  }
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Counts requests against what may be sent in a minute and a day. */
export class RequestBudget {
  readonly #windows = [
    new SlidingCount(({ perMinute }) => perMinute, minuteMs, 60),
    new SlidingCount(({ perDay }) => perDay, dayMs, 1440),
  ];
  #budgets: readonly BudgetOptions[];
  #isUnused: boolean;

  /** @param now - milliseconds of a clock that never goes back; for tests. */
  constructor(
    budget: BudgetOptions,
    readonly now: () => number = () => performance.now(),
  ) {
    this.#budgets = [budget];
    this.#isUnused = isUnlimited(budget);
  }

  /** There never was a limit: what was sent need not be remembered. */
  get isUnused(): boolean {
    return this.#isUnused;
  }

  /** Keep to all of these from now on; what was sent counts for them. */
  keepTo(budgets: readonly BudgetOptions[]): void {
    this.#budgets = budgets;
    this.#isUnused &&= budgets.every(isUnlimited);
  }

  /** Milliseconds until a request of this priority may be sent; 0 for now. */
  waitMs(priority: Priority): number {
    const now = this.now();
    let longest = 0;
    for (const window of this.#windows) {
      for (const budget of this.#budgets) {
        const most = window.most(budget);
        if (most === undefined) continue;
        const { reserve = 0.2 } = budget;
        const allowed = priority === 'bulk' ? most * (1 - reserve) : most;
        longest = Math.max(longest, window.waitMs(allowed, now));
      }
    }
    return longest;
  }

  /** A request is sent. */
  spend(): void {
    const now = this.now();
    for (const window of this.#windows) window.add(now);
  }
}

function isUnlimited({ perMinute, perDay }: BudgetOptions): boolean {
  return perMinute === undefined && perDay === undefined;
}
