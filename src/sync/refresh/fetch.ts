import {
  LegacyNotFoundError,
  type LegacyFilter,
  type LegacyProperty,
  type LegacyRecord,
} from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Runtime } from '../runtime';
import { exchange, type Asked, type FetchQuery, type Member, type Receive } from './exchange';
import { mergedExchange, pointOf } from './merged-exchange';

/** A whole legacy answer, with the time when it was asked for by the database's clock. */
export interface Fetched extends Asked {
  readonly records: readonly LegacyRecord[];
}

/** The key of an entity as a property that filters can name. */
export function keyProperty(mapping: Mapping): LegacyProperty {
  return { name: mapping.entity.key, kind: 'guid' };
}

/** The filter for these keys. */
export function withKeys(mapping: Mapping, keys: readonly string[]): LegacyFilter {
  return { op: 'in', property: keyProperty(mapping), values: keys };
}

/** Fetch every record that a query asks for, all pages at once. See {@link fetchPages}. */
export async function fetchRecords(
  runtime: Runtime,
  mapping: Mapping,
  query: FetchQuery,
): Promise<Fetched> {
  const records = new Map<string, LegacyRecord>();
  const end = await fetchPages(runtime, mapping, {
    ...query,
    receive: (page) => {
      for (const record of page.records) {
        if (!records.has(record.key)) records.set(record.key, record);
      }
    },
  });
  return { ...end, records: [...records.values()] };
}

/**
 * Fetch every record that a query asks for, page after page. Equal requests of the same moment share
 * one exchange, and requests of one tick for records by key, or by what they refer to, are sent as
 * one. No database connection is held meanwhile.
 *
 * A record that moved between two pages may come twice.
 */
export async function fetchPages(
  runtime: Runtime,
  mapping: Mapping,
  { receive, ...query }: FetchQuery & { readonly receive: Receive },
): Promise<Asked> {
  const point = pointOf(query);
  const member: Member = { receive, point };
  const { askedAt, gone } = await (point
    ? mergedExchange(runtime, mapping, Object.assign(member, { point }))
    : exchange(runtime, mapping, query, [member]));
  if (member.failure) throw member.failure.reason;
  return { askedAt, gone: gone.filter((key) => point?.values.has(key) ?? true) };
}

/** A record of this key; undefined when the service says that there is none. */
export async function recordIfThere(
  { client }: Runtime,
  { entity }: Pick<Mapping, 'entity'>,
  key: string,
): Promise<LegacyRecord | undefined> {
  try {
    return await client.get(entity, key);
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return undefined;
    throw error;
  }
}
