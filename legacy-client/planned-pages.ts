import type { Calls } from './calls';
import type { CallOptions } from './client';
import type { LegacyEntity, LegacyRecord } from './entity';
import { planList } from './list-plan';
import { NoBatchError } from './long-reads';
import { delivered, followPages, inParallel } from './pager';
import type { LegacyQuery } from './query';

/** What {@link plannedPages} works with. */
export interface PlannedPagesParts {
  readonly calls: Calls;
  readonly maxConcurrency: number;
}

type Pages = AsyncGenerator<readonly LegacyRecord[], void, undefined>;

/** The pages of a query, by as many requests as it needs. */
export async function* plannedPages(
  parts: PlannedPagesParts,
  asked: { readonly entity: LegacyEntity; readonly query: LegacyQuery },
  options: CallOptions,
): Pages {
  let isBegun = false;
  try {
    for await (const page of pagesOnce(parts, asked, options)) {
      isBegun = true;
      yield page;
    }
    return;
  } catch (error) {
    if (!(error instanceof NoBatchError)) throw error;
    // What was given cannot be taken back: the answers of two plans are not to be mixed.
    if (isBegun) throw error.refusal;
  }
  yield* pagesOnce(parts, asked, options);
}

async function* pagesOnce(
  { calls, maxConcurrency }: PlannedPagesParts,
  { entity, query }: { readonly entity: LegacyEntity; readonly query: LegacyQuery },
  options: CallOptions,
): Pages {
  const plan = calls.spelled(entity, 'GET', () => planList(calls.planning, entity, query));
  const source = calls.pageSource(entity, { ...options, plansAgain: true });
  const lists = plan.requests.map((request) => followPages(source, request));
  yield* delivered(inParallel(lists, maxConcurrency), plan);
}
