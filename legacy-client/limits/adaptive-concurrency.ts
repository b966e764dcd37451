/** What {@link AdaptiveConcurrency} moves between. */
export interface ConcurrencyBounds {
  /** From 1. */
  readonly max: number;
  /** Where it begins; default 8, or the maximum where that is less. */
  readonly start?: number;
  /** An answer that takes longer, in milliseconds, counts as a sign of overload. */
  readonly slowMs: number;
}

/** What is learnt from an answer depends on this. */
export interface AnsweredRequest {
  /** As many were under way as may be: without demand nothing is learnt. */
  readonly wasFull: boolean;
  /** In the place of the bound of that name. */
  readonly slowMs?: number | undefined;
}

/** After a cut, further bad signs of requests that were under way already say nothing new. */
const settlingMs = 1000;

/**
 * How many requests may be under way: a little more with each that goes well while there is demand
 * for more, half as many when the service throttles or becomes slow (the rule of TCP).
 */
export class AdaptiveConcurrency {
  readonly #slowMs: number;
  #max: number;
  #limit: number;
  #cutAt = Number.NEGATIVE_INFINITY;

  constructor(bounds: ConcurrencyBounds) {
    this.#slowMs = bounds.slowMs;
    this.#max = bounds.max;
    this.#limit = Math.min(bounds.start ?? 8, bounds.max);
  }

  /** A whole number from 1. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  /** Move the upper bound. */
  keepTo(max: number): void {
    this.#max = max;
    this.#limit = Math.min(this.#limit, max);
  }

  /** A request was answered. */
  answered(durationMs: number, { wasFull, slowMs = this.#slowMs }: AnsweredRequest): void {
    if (durationMs > slowMs) this.overloaded();
    else if (wasFull) this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
  }

  /** The service has throttled a request, or did not answer in time. */
  overloaded(now: number = performance.now()): void {
    if (now - this.#cutAt < settlingMs) return;
    this.#cutAt = now;
    this.#limit = Math.max(1, this.#limit / 2);
  }
}
