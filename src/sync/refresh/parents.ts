import type { Mapping } from '../../mapping';
import type { RejectedRecord } from '../errors';
import { applyAnswer, inTransaction, type RefreshScope } from './apply';
import type { Difference } from './compare';
import { fetchRecords, withKeys } from './fetch';
import type { RefreshTable } from './input-sql';
import { noteRejected } from './rejected';
import { linkLookups } from './store';

/**
 * Fetch the records that incoming rows refer to and that are not here, and their own parents, one
 * request a model and level. A parent in the same answer needs none; one that was asked for already
 * (records may refer to each other) is linked at the end of the call, by {@link linkDeferred}.
 */
export async function fetchMissingParents(
  scope: RefreshScope,
  table: RefreshTable,
  differences: readonly Difference[],
): Promise<void> {
  const missing = new Map<Mapping, Set<string>>();
  const here = new Set(differences.map(({ row }) => row.key));
  for (const { row, unresolved } of differences) {
    for (const column of unresolved) {
      const target = table.columns.find((candidate) => candidate.column === column)?.lookup?.target;
      const key = row.values[column];
      if (!target || typeof key !== 'string') continue;
      if (target === table.mapping && here.has(key)) continue;
      const keys = missing.get(target) ?? new Set();
      missing.set(target, keys.add(key));
    }
  }
  for (const key of here) scope.askedParents.add(parentName(table.mapping, key));
  for (const [target, keys] of missing) await fetchParents(scope, target, keys);
  const open = differences.filter(({ unresolved }) => unresolved.length > 0);
  if (open.length > 0) scope.deferred.push({ table, differences: open });
}

async function fetchParents(
  scope: RefreshScope,
  target: Mapping,
  keys: ReadonlySet<string>,
): Promise<void> {
  const wanted = [...keys].filter((key) => !scope.askedParents.has(parentName(target, key)));
  if (wanted.length === 0) return;
  for (const key of wanted) scope.askedParents.add(parentName(target, key));
  const { records, askedAt } = await fetchRecords(scope.runtime, target, withKeys(target, wanted));
  await applyAnswer(scope, { mapping: target, records, askedAt });
}

function parentName(mapping: Mapping, key: string): string {
  return `${mapping.name}:${key}`;
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
  return inTransaction(scope, async (place) => {
    const dangling = [];
    for (const { table, differences } of deferred) {
      const records = await linkLookups(scope.runtime, place, table, differences);
      await noteRejected(place, table.mapping.name, records);
      dangling.push({ mapping: table.mapping, records });
    }
    return dangling;
  });
}
