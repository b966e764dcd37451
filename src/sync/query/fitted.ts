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
  if (typeof bound.filter === 'string' || isShort(client, bound.filter)) return bound;
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
  const requests = requestsOf(client, mapping, filter);
  if (requests !== undefined && (requests <= manyRequests || filter.op !== 'and')) return bound;
  if (filter.op === 'or') {
    const parts = filter.filters.map((part) =>
      shortened(client, mapping, { filter: part, exact, reasons }),
    );
    return anyOf(parts);
  }
  if (filter.op !== 'and') return widened({ ...bound, filter: 'all' }, reason);
  const parts = filter.filters
    .map((part) => shortened(client, mapping, { filter: part, exact, reasons }))
    .sort((one, other) => lengthOf(one) - lengthOf(other));
  let kept = allOf(parts.slice(0, 1));
  for (const part of parts.slice(1)) {
    const both = allOf([kept, part]);
    const count = typeof both.filter === 'string' ? 0 : requestsOf(client, mapping, both.filter);
    if (count !== undefined && count <= manyRequests) kept = both;
  }
  return widened(kept, reason);
}

function lengthOf({ filter }: Bound): number {
  return typeof filter === 'string' ? 0 : JSON.stringify(filter).length;
}
