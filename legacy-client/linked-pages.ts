import type { CallParts, Calls } from './calls';
import type { LinkedPage, LinkedPagesOptions } from './client';
import { UnsendableError } from './dialects/problems';
import type { DialectRequest } from './dialects/dialect';
import type { LegacyEntity } from './entity';
import { planList, type PlanningParts } from './list-plan';
import type { LegacyQuery } from './query';
import { followParts } from './streaming/page-parts';

/** What {@link linkedPagesOf} works with. */
export interface LinkedPagesParts extends CallParts {
  readonly calls: Calls;
}

/** Read a list from a page on, large pages in parts, each page with the address of the next one. */
export async function* linkedPagesOf(
  parts: LinkedPagesParts,
  { entity, query }: { readonly entity: LegacyEntity; readonly query: LegacyQuery },
  { from, ...options }: LinkedPagesOptions,
): AsyncGenerator<LinkedPage, void, undefined> {
  const { calls } = parts;
  const request = calls.spelled(entity, 'GET', () => onlyRequest(calls.planning, entity, query));
  if (request === undefined) return;
  const begin =
    from === undefined ? undefined : calls.spelled(entity, 'GET', () => ownAddress(parts, from));
  yield* followParts(calls.pageSource(entity, options), request, begin);
}

function onlyRequest(
  parts: PlanningParts,
  entity: LegacyEntity,
  query: LegacyQuery,
): DialectRequest | undefined {
  const { requests } = planList(parts, entity, query);
  if (requests.length > 1) {
    throw new UnsendableError('a list of several requests has no address to go on from');
  }
  return requests[0];
}

/** NOTE: what keeps an address may have been tampered with, and the login goes there. */
function ownAddress({ root }: LinkedPagesParts, from: string): string {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url?.origin === new URL(root).origin && url.username === '') return url.href;
  throw new UnsendableError('the address to go on from is none of this service');
}
