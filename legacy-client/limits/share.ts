import type { Priority } from './priority';

/** A task that waits for its turn. */
export interface Waiting {
  /** When it came, among all of a limiter. */
  readonly place: number;
  start(): void;
  refuse(error: Error): void;
}

/** What a client allows itself, whatever others do at the same service. */
export interface ShareTerms {
  /** Tasks of its own at a time. */
  readonly maxConcurrency: number;
  /** An answer that takes longer, in milliseconds, is a sign of overload. */
  readonly slowMs?: number;
}

/** The tasks of one client among all that a limiter runs. */
export class Share {
  running = 0;
  readonly waiting = { interactive: new Set<Waiting>(), bulk: new Set<Waiting>() };

  constructor(readonly terms: ShareTerms = { maxConcurrency: Number.POSITIVE_INFINITY }) {}

  get isIdle(): boolean {
    return this.waiting.interactive.size === 0 && this.waiting.bulk.size === 0;
  }

  /** The one that has waited longest, where there is room for it. */
  first(priority: Priority): Waiting | undefined {
    if (this.running >= this.terms.maxConcurrency) return undefined;
    const [first] = this.waiting[priority];
    return first;
  }
}

/** The one that has waited longest, of all that have room. */
export function longestWaiting(shares: Iterable<Share>, priority: Priority): Waiting | undefined {
  let longest: Waiting | undefined;
  for (const share of shares) {
    const first = share.first(priority);
    if (first !== undefined && first.place < (longest?.place ?? Infinity)) longest = first;
  }
  return longest;
}
