import type { Mapping } from '../../mapping';
import { SyncError } from '../errors';
import type { RefreshScope } from '../refresh/scope';
import { keepFeedState } from './feed-state';
import { followingOf } from './following';
import { Intake } from './intake';
import type { AskedQuery } from './refreshed-queries';

/** One refresh of a call that has succeeded. */
export interface DoneRefresh {
  readonly mapping: Mapping;
  readonly query: AskedQuery;
  readonly askedAt: Date;
  readonly keys: readonly string[];
}

/** What a call has refreshed, and what it takes an older answer for. */
export interface DoneRefreshes {
  readonly refreshes: readonly DoneRefresh[];
  /** By model: keys that are left out of the call's answer. */
  readonly hidden: ReadonlyMap<string, ReadonlySet<string>>;
  /** The call would have taken an older answer, and so may the next ones, of other processes, too. */
  readonly isShared: boolean;
}

/** Remember what a call has refreshed, for calls that take an older answer. */
export async function rememberRefreshes(scope: RefreshScope, done: DoneRefreshes): Promise<void> {
  // What is stored in the caller's transaction may be rolled back yet.
  if (scope.transaction || scope.ownKeys.size > 0) return;
  for (const { mapping, query, askedAt, keys } of done.refreshes) {
    const hidden = done.hidden.get(mapping.name);
    const stored = keys.filter((key) => !scope.left.has(key) && !hidden?.has(key));
    scope.runtime.feeds.refreshed.remember({ model: mapping.name, query, askedAt, keys: stored });
    const isWhole = query.filter === undefined && query.top === undefined;
    const isComplete = stored.length === keys.length;
    if (done.isShared && isWhole && isComplete && !followingOf(mapping)) {
      await noteWhole(scope, mapping, { askedAt, keys });
    }
  }
}

/**
 * Note for all processes that a model has been refreshed as a whole. Rows that did not come are
 * settled first: from now on every row here counts as new.
 */
async function noteWhole(
  { runtime }: RefreshScope,
  mapping: Mapping,
  { askedAt, keys }: Pick<DoneRefresh, 'askedAt' | 'keys'>,
): Promise<void> {
  const intake = new Intake(runtime, mapping, { askedAt, pending: [], kept: [] });
  try {
    await intake.settleMissing(new Set(keys));
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    runtime.logger?.debug(
      { model: mapping.name, reason: error.message },
      'A refresh is not shared',
    );
    return;
  }
  if (intake.pending.size > 0) return;
  await keepFeedState(runtime, mapping, {
    ...{ askedAt, completeSince: null, token: null, sweptAt: askedAt },
    ...{ pending: [], kept: [...intake.kept] },
  });
}
