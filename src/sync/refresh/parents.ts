import type { Mapping } from '../../mapping';
import type { RejectedRecord } from '../errors';
import type { Difference } from './compare';
import type { RefreshTable } from './input-sql';
import { noteRejected } from './rejected';
import { inTransaction, isPending, type RefreshScope } from './scope';
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

const destroyedHere =
  'which this transaction has destroyed: destroy this record, too, or have it refer to another, before ' +
  'that; or end the transaction first';

/** Whether what is not here was destroyed by the caller's transaction, and is in the legacy system yet. */
function isDestroyed(
  scope: RefreshScope,
  { columns }: RefreshTable,
  dangling: { readonly column: string; readonly target: string },
): boolean {
  const target = columns.find(({ column }) => column === dangling.column)?.lookup?.target;
  return target !== undefined && isPending(scope, target, dangling.target);
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
      const dangling = await linkLookups(own.runtime, place, table, differences);
      const found = dangling.map((one): RejectedRecord => {
        const why = isDestroyed(own, table, one)
          ? destroyedHere
          : 'which the legacy system does not show';
        return { legacyId: one.key, reason: `${one.column} refers to ${one.target}, ${why}` };
      });
      await noteRejected(place, table.mapping.name, found);
      return found;
    });
    dangling.push({ mapping: table.mapping, records });
  }
  return dangling;
}
