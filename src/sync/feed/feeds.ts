import {
  LegacyAbortedError,
  LegacyLoginError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
} from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { LockedRowError } from '../errors';
import type { Runtime } from '../runtime';
import { SharedExchanges } from '../shared-exchanges';
import { FeedLocks } from './feed-lock';
import { lookAtFeed, type FeedLook } from './feed-state';
import { followingOf, type Following } from './following';
import { pullChanges } from './pull';
import { RefreshedQueries } from './refreshed-queries';

/** What a call needs of a model as a whole. */
export interface WholeNeed {
  /** Rows must be at least as new as this; undefined: as the call itself. */
  readonly since: Date | undefined;
  /** Without the feed, every record would have to be asked for anyway. */
  readonly isUnbounded: boolean;
}

/** A model of which every row here is new enough. */
export interface Whole {
  /** Keys of rows that are still here although their records are gone. */
  readonly kept: readonly string[];
}

/** How long a bounded read waits for a feed before it asks by itself. */
const patienceMs = 5000;

/** How long a feed that failed is left alone. */
const restAfterFailureMs = 60_000;

/** The same for one that has met a row which another transaction holds: it has waited for it already. */
const restAfterLockMs = 2_000;

/**
 * Failures that the ordinary request would meet as well; others (no right to track changes, a limit
 * on removals) are the feed's own, and a read is then answered in the ordinary way.
 */
const commonFailures = [
  ...[LegacyUnavailableError, LegacyTimeoutError, LegacyThrottledError],
  ...[LegacyLoginError, LegacyAbortedError],
];

/** What is known of models as a whole, and the feeds that keep it up to date. */
export class Feeds {
  /** The refreshes of this process. */
  readonly refreshed: RefreshedQueries;
  readonly #exchanges = new SharedExchanges();
  readonly #locks: FeedLocks;
  readonly #restingUntil = new Map<string, number>();
  /** When the last of those began who wait for a pull, or what the newest of them needs. */
  readonly #latest = new Map<string, Date>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();

  constructor(private readonly runtime: Omit<Runtime, 'feeds'>) {
    this.refreshed = new RefreshedQueries(runtime.client.dialect);
    this.#locks = new FeedLocks(runtime);
  }

  /** Whether a model's feed can make its rows as new as a call. */
  isExact(mapping: Mapping): boolean {
    // NOTE: stamps cannot: they have whole seconds, and plug-ins need not touch them.
    return followingOf(mapping) !== undefined && this.runtime.client.dialect.changes === 'delta';
  }

  /**
   * Tell that every row of a model is new enough, after a look at its feed where that makes it so.
   *
   * @returns undefined when rows must be asked for in the ordinary way.
   */
  async wholeOf(mapping: Mapping, need: WholeNeed): Promise<Whole | undefined> {
    const following = followingOf(mapping);
    if (need.since) {
      const look = await lookAtFeed(this.#whole, mapping);
      if (isEnough(look, need, following)) return wholeIn(look);
    } else if (!this.isExact(mapping)) {
      return undefined;
    }
    if (!following || this.#rests(mapping)) return undefined;
    const look = await this.#pulled(mapping, following, need);
    return look && isEnough(look, need, following) ? wholeIn(look) : undefined;
  }

  /** Ends pulls that are under way; what they have stored stays. */
  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#running);
    await this.#locks.close();
  }

  get #whole(): Runtime {
    return { ...this.runtime, feeds: this };
  }

  #rests({ name }: Mapping): boolean {
    return (this.#restingUntil.get(name) ?? 0) > performance.now();
  }

  /**
   * Join a pull that has not been sent yet, or send one. Calls that take an older state share one of
   * their own: it may find that nothing must be sent.
   */
  async #pulled(
    mapping: Mapping,
    following: Following,
    { since, isUnbounded }: WholeNeed,
  ): Promise<FeedLook | undefined> {
    const name = `${since ? 'aged' : 'exact'} ${mapping.name}`;
    const began = since ?? (await this.runtime.clock.nowAtMost());
    const latest = this.#latest.get(name);
    this.#latest.set(name, latest && latest > began ? latest : began);
    const pull = this.#exchanges.share(name, () => {
      const wanted = this.#latest.get(name) ?? began;
      this.#latest.delete(name);
      return this.#pullOnce(mapping, following, wanted);
    });
    this.#running.add(pull);
    pull.catch(() => undefined).finally(() => this.#running.delete(pull));
    try {
      return await (isUnbounded ? pull : withPatience(pull));
    } catch (error) {
      if (commonFailures.some((kind) => error instanceof kind)) throw error;
      return undefined;
    }
  }

  async #pullOnce(mapping: Mapping, following: Following, since: Date): Promise<FeedLook> {
    const runtime = this.#whole;
    try {
      return await this.#locks.hold(mapping.name, async () => {
        const look = await lookAtFeed(runtime, mapping);
        if (isRecent(look, since)) return look;
        const { signal } = this.#ending;
        const pulled = await pullChanges({ runtime, mapping, following, look, signal });
        this.#noteActivity(mapping, look.now);
        return pulled;
      });
    } catch (error) {
      this.#noteFailure(mapping, error);
      throw error;
    }
  }

  #noteActivity({ name }: Mapping, at: Date): void {
    const activity = this.runtime.activity.get(name);
    if (!activity) return;
    activity.lastRefreshAt = at;
    activity.refreshes += 1;
  }

  #noteFailure({ name: model }: Mapping, error: unknown): void {
    if (commonFailures.some((kind) => error instanceof kind)) return;
    const isLocked = error instanceof LockedRowError;
    const restMs = isLocked ? restAfterLockMs : restAfterFailureMs;
    this.#restingUntil.set(model, performance.now() + restMs);
    const reason = error instanceof Error ? error.message : String(error);
    if (isLocked) {
      this.runtime.logger?.info({ model, reason }, 'A feed rests until a row is free');
      return;
    }
    this.runtime.logger?.error({ model, reason }, 'A feed failed; reads ask in the ordinary way');
  }
}

function isRecent({ state, lacking }: FeedLook, since: Date): boolean {
  if (!state?.completeSince || lacking.length > 0) return false;
  return state.askedAt >= since;
}

/**
 * NOTE: whether a record that could not be kept belongs into an answer, or one that does not match
 * any more because of a local change, only the service can say.
 */
function isEnough(
  { state, hasRejected, hasAhead, lacking }: FeedLook,
  { since }: WholeNeed,
  following: Following | undefined,
): boolean {
  if (!state || hasRejected || hasAhead || lacking.length > 0) return false;
  if (following && state.completeSince === null) return false;
  return since === undefined || state.askedAt >= since;
}

function wholeIn({ state }: FeedLook): Whole {
  return { kept: state?.kept ?? [] };
}

async function withPatience<T>(pull: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  return Promise.race([pull, late]).finally(() => {
    clearTimeout(timer);
  });
}
