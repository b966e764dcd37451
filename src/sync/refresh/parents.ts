import type { Mapping } from '../../mapping';
import type { RejectedRecord } from '../errors';
import type { Difference } from './compare';
import type { RefreshTable } from './input-sql';
import { noteRejected } from './rejected';
import { inTransaction, type RefreshScope } from './scope';
import { linkLookups } from './store';

/** The legacy keys that incoming rows refer to and that are not here, by model. */
export function missingParents(
  table: RefreshTable,
  differences: readonly Difference[],
): Map<Mapping, Set<string>> {
  const missing = new Map<Mapping, Set<string>>();
  for (const { column, lookup } of table.columns) {
    if (!lookup?.target) continue;
    const keys = missing.get(lookup.target) ?? new Set();
    for (const { row, unresolved } of differences) {
      const key = row.values[column];
      if (unresolved.includes(column) && typeof key === 'string') keys.add(key);
    }
    if (keys.size > 0) missing.set(lookup.target, keys);
  }
  return missing;
}

/**
 * Set the lookups of a call that had to wait for other records.
 *
 * @returns the records whose lookups point to what the legacy system does not show.
 */
export async function linkDeferred(
  scope: RefreshScope,
): Promise<{ mapping: Mapping; records: RejectedRecord[] }[]> {
  const deferred = scope.deferred.splice(0);
  if (deferred.length === 0) return [];
  const dangling: { mapping: Mapping; records: RejectedRecord[] }[] = [];
  for (const { scope: own, table, differences } of deferred) {
    const records = await inTransaction(own, async (place) => {
      const found = await linkLookups(own.runtime, place, table, differences);
      await noteRejected(place, table.mapping.name, found);
      return found;
    });
    dangling.push({ mapping: table.mapping, records });
  }
  return dangling;
}
