import {
  LegacyNotFoundError,
  type LegacyFilter,
  type LegacyProperty,
  type LegacyQuery,
  type LegacyRecord,
} from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Runtime } from '../runtime';

/** A legacy answer, with the time when it was asked for by the database's clock. */
export interface Fetched {
  readonly records: readonly LegacyRecord[];
  readonly askedAt: Date;
  /** Keys that the service itself says do not exist. */
  readonly gone: readonly string[];
}

/** The key of an entity as a property that filters can name. */
export function keyProperty(mapping: Mapping): LegacyProperty {
  return { name: mapping.entity.key, kind: 'guid' };
}

/** The filter for these keys. */
export function withKeys(mapping: Mapping, keys: readonly string[]): LegacyFilter {
  return { op: 'in', property: keyProperty(mapping), values: keys };
}

/**
 * Fetch every record that a query asks for, all pages. Equal requests of the same moment share one
 * exchange. No database connection is held meanwhile.
 */
export async function fetchRecords(
  runtime: Runtime,
  mapping: Mapping,
  query: Pick<LegacyQuery, 'filter' | 'top' | 'orderBy'>,
): Promise<Fetched> {
  const { client, exchanges, clock } = runtime;
  const { filter, top, orderBy } = query;
  const text = filter ? client.dialect.filter(filter) : null;
  const name = JSON.stringify([mapping.name, text, top, orderBy]);
  return exchanges.share(name, async () => {
    const askedAt = await clock.now();
    const only = filter && onlyKey(mapping, filter);
    const answer =
      only === undefined
        ? { records: await client.list(mapping.entity, query), gone: [] }
        : await getOne(runtime, mapping, only);
    noteActivity(runtime, mapping, askedAt);
    return { ...answer, askedAt };
  });
}

/** The key when a filter asks for one record by key. */
function onlyKey(mapping: Mapping, filter: LegacyFilter): string | undefined {
  if (!('property' in filter) || filter.property.name !== mapping.entity.key) return undefined;
  const values = filter.op === 'in' ? filter.values : filter.op === 'eq' ? [filter.value] : [];
  const [key] = values;
  return values.length === 1 && typeof key === 'string' ? key : undefined;
}

/** A single GET, because its not-found answer is certain where an empty list is not. */
async function getOne(
  { client }: Runtime,
  mapping: Mapping,
  key: string,
): Promise<Pick<Fetched, 'records' | 'gone'>> {
  try {
    return { records: [await client.get(mapping.entity, key)], gone: [] };
  } catch (error) {
    if (error instanceof LegacyNotFoundError) return { records: [], gone: [key] };
    throw error;
  }
}

function noteActivity(runtime: Runtime, mapping: Mapping, at: Date): void {
  const activity = runtime.activity.get(mapping.name);
  if (!activity) return;
  activity.lastRefreshAt = at;
  activity.refreshes += 1;
}
