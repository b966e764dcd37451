import type { Mapping } from '../../mapping';
import { applyAnswer, type Applied } from './apply';
import { fetchRecords, recordIfThere, withKeys, type Fetched } from './fetch';
import { checkLimits, removeGone } from './removal';
import type { RefreshScope } from './scope';

export { checkLimits, removeGone } from './removal';

/** What became of rows that an answer did not contain. */
export interface Settled extends Applied {
  /** Keys whose rows stay because others refer to them; synced reads leave them out. */
  readonly hidden: readonly string[];
  /** Keys whose records exist after all. */
  readonly present: readonly string[];
}

/** Local rows that match a query and were not in its answer. */
export interface Absent {
  readonly keys: readonly string[];
  /** Those of the keys that a single GET has confirmed to be gone already. */
  readonly gone: readonly string[];
  /** How many records the query's answer had: the limits on removals are shares of it. */
  readonly found: number;
}

/**
 * Settle local rows that match a query and were not in its answer: changed records are refreshed,
 * and rows whose records are certainly gone are removed, a version of each kept.
 *
 * Absence is not deletion. A record is gone when a complete answer to a filter by key lacks it and a
 * single GET then answers with the service's own not-found code.
 *
 * @throws SyncError when more rows would go than the limits allow; then nothing is removed.
 */
export async function settleAbsent(
  scope: RefreshScope,
  mapping: Mapping,
  absent: Absent,
): Promise<Settled> {
  const unsure = absent.keys.filter((key) => !absent.gone.includes(key));
  const byFilter = await fetchByKeys(scope, mapping, unsure);
  const present = byFilter.records.map((record) => record.key);
  const missing = absent.keys.filter((key) => !present.includes(key));
  checkLimits(scope, mapping, { missing: missing.length, found: absent.found + present.length });
  const askedAt = await scope.runtime.clock.now();
  const confirmed = new Set([...absent.gone, ...byFilter.gone]);
  const asked = missing.filter((key) => !confirmed.has(key));
  const answers = await Promise.all(asked.map((key) => recordIfThere(scope.runtime, mapping, key)));
  const back = answers.filter((record) => record !== undefined);
  const backKeys = back.map((record) => record.key);
  const first = await applyAnswer(scope, { mapping, ...byFilter });
  const second = await applyAnswer(scope, { mapping, records: back, askedAt });
  const gone = missing.filter((key) => !backKeys.includes(key));
  const removed = await removeGone(scope, mapping, { keys: gone, askedAt });
  return {
    rejected: [...first.rejected, ...second.rejected],
    ahead: [...first.ahead, ...second.ahead, ...removed.ahead],
    hidden: removed.hidden,
    present: [...present, ...backKeys],
  };
}

async function fetchByKeys(
  scope: RefreshScope,
  mapping: Mapping,
  keys: readonly string[],
): Promise<Fetched> {
  if (keys.length === 0) return { records: [], gone: [], askedAt: await scope.runtime.clock.now() };
  return fetchRecords(scope.runtime, mapping, { filter: withKeys(mapping, keys) });
}

/**
 * Try again to remove rows that had to stay because others referred to them.
 *
 * @returns the keys of those that still do.
 */
export async function removeKept(
  scope: RefreshScope,
  mapping: Mapping,
  keys: readonly string[],
): Promise<readonly string[]> {
  const { hidden } = await removeGone(scope, mapping, {
    keys,
    askedAt: await scope.runtime.clock.now(),
  });
  return hidden;
}
