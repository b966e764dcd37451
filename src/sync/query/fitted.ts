import { LegacyRequestError, type LegacyClient, type LegacyFilter } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { allOf, anyOf, widened, type Bound } from './bound';

/** More requests than this for one bound are worth giving a part of it up. */
const manyRequests = 40;

const reason = 'the condition is too long for one URL';

/**
 * Bring a bound into a form that the client can send: alternatives are left to it, which splits them
 * into several requests; of parts that must all be fulfilled, the longest are left to the local query
 * until the rest fits. At last nothing bounds the query; it is never refused for its length.
 */
export function fitted(client: LegacyClient, mapping: Mapping, bound: Bound): Bound {
  const { filter } = bound;
  // The client splits a list that stands alone by itself.
  if (typeof filter === 'string' || filter.op === 'in' || isShort(client, filter)) return bound;
  return shortened(client, mapping, bound);
}

/** Whether a filter surely fits, with everything else that stands in its URL. */
function isShort({ dialect }: LegacyClient, filter: LegacyFilter): boolean {
  try {
    return encodeURIComponent(dialect.filter(filter)).length < dialect.maxUrlLength / 8;
  } catch {
    return false;
  }
}

/** The number of requests that a filter takes; undefined when it cannot be sent. */
function requestsOf(
  client: LegacyClient,
  mapping: Mapping,
  filter: LegacyFilter,
): number | undefined {
  try {
    return client.listRequests(mapping.entity, { filter }).length;
  } catch (error) {
    if (error instanceof LegacyRequestError) return undefined;
    throw error;
  }
}

function shortened(client: LegacyClient, mapping: Mapping, bound: Bound): Bound {
  const { filter, exact, reasons } = bound;
  if (typeof filter === 'string') return bound;
  if (filter.op === 'and') return shortenedAll(client, mapping, bound, filter.filters);
  if (requestsOf(client, mapping, filter) !== undefined) return bound;
  if (filter.op !== 'or') return widened({ ...bound, filter: 'all' }, reason);
  return anyOf(
    filter.filters.map((part) => shortened(client, mapping, { filter: part, exact, reasons })),
  );
}

/**
 * NOTE: two long lists under `and` would take as many requests as the product of their parts: one of
 * them is enough to bound the answer.
 */
function shortenedAll(
  client: LegacyClient,
  mapping: Mapping,
  { exact, reasons }: Bound,
  filters: readonly LegacyFilter[],
): Bound {
  const isLong = (filter: LegacyFilter): boolean => !isShort(client, filter);
  const fewLong = filters.filter(isLong).length < 2;
  if (fewLong && takesFew(client, mapping, { op: 'and', filters })) {
    return { filter: { op: 'and', filters }, exact, reasons };
  }
  const parts = filters
    .map((filter) => shortened(client, mapping, { filter, exact, reasons }))
    .sort((one, other) => lengthOf(one) - lengthOf(other));
  let kept = allOf(parts.slice(0, 1));
  let hasLong = typeof kept.filter !== 'string' && isLong(kept.filter);
  for (const part of parts.slice(1)) {
    if (typeof part.filter === 'string') continue;
    const isLongToo = isLong(part.filter);
    const both = allOf([kept, part]);
    if ((hasLong && isLongToo) || typeof both.filter === 'string') continue;
    if (!takesFew(client, mapping, both.filter)) continue;
    kept = both;
    hasLong ||= isLongToo;
  }
  return widened(kept, reason);
}

function takesFew(client: LegacyClient, mapping: Mapping, filter: LegacyFilter): boolean {
  const requests = requestsOf(client, mapping, filter);
  return requests !== undefined && requests <= manyRequests;
}

function lengthOf({ filter }: Bound): number {
  return typeof filter === 'string' ? 0 : JSON.stringify(filter).length;
}
