import { QueryTypes } from 'sequelize';
import { historyOf } from '../../model/history';
import { openSavepoint } from '../savepoint';
import type { Mapping } from '../../mapping';
import { SyncError, type AheadRow } from '../errors';
import { localTable, type LocalTable } from '../local-table';
import { applyAnswer, type Applied } from './apply';
import { fetchRecords, recordIfThere, withKeys, type Fetched } from './fetch';
import { isForeignKeyViolation } from './rejected';
import { inCallersTransaction, inTransaction, type RefreshScope, type StorePlace } from './scope';
import { noteKnown, refreshComment } from './store';

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

interface GoneRow {
  readonly id: unknown;
  readonly key: string;
  readonly ahead: boolean;
  readonly local_modified_at: Date | null;
  readonly legacy_modified_at: Date | null;
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

/** @throws SyncError when more rows would go than the limits allow. */
export function checkLimits(
  scope: RefreshScope,
  mapping: Mapping,
  { missing, found }: { missing: number; found: number },
): void {
  const { maxRemovals, maxRemovalShare } = scope.runtime.limits;
  const share = missing / (missing + found);
  if (missing <= maxRemovals && (missing < 10 || share <= maxRemovalShare)) return;
  throw new SyncError(
    `${missing} rows are absent from the legacy system's answer, more than one read may remove ` +
      `(${maxRemovals} rows, ${Math.round(maxRemovalShare * 100)} %). Nothing was removed. If they ` +
      `really were deleted there, raise the limits that connectLegacy takes (limits.maxRemovals, ` +
      `limits.maxRemovalShare); otherwise check the service user's rights.`,
    { model: mapping.name },
  );
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

interface Gone {
  readonly keys: readonly string[];
  readonly askedAt: Date;
}

interface Removed {
  readonly ahead: readonly AheadRow[];
  readonly hidden: readonly string[];
}

/**
 * Remove the rows of records that are certainly gone. Rows with local changes stay and are
 * reported; rows that others refer to stay and are hidden.
 */
export async function removeGone(
  scope: RefreshScope,
  mapping: Mapping,
  gone: Gone,
): Promise<Removed> {
  const own = gone.keys.filter((key) => !scope.transaction && scope.ownKeys.has(key));
  const others = gone.keys.filter((key) => !own.includes(key));
  const first = await removeIn(inCallersTransaction(scope), mapping, { ...gone, keys: own });
  const second = await removeIn(scope, mapping, { ...gone, keys: others });
  // What the caller's own transaction holds, only that can remove.
  const isCallers = scope.caller !== undefined && !scope.transaction;
  const keys = isCallers ? await heldKeys(scope, mapping, { ...second, keys: others }) : [];
  const third = await removeIn(inCallersTransaction(scope), mapping, { ...gone, keys });
  return {
    ahead: [...first.ahead, ...second.ahead, ...third.ahead],
    hidden: [...first.hidden, ...second.hidden, ...third.hidden],
  };
}

/** Of these keys, those whose rows were left because somebody has locked them. */
async function heldKeys(
  { runtime }: RefreshScope,
  mapping: Mapping,
  { keys, ahead, hidden }: Removed & { readonly keys: readonly string[] },
): Promise<string[]> {
  if (keys.length === 0) return [];
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  const rows = await runtime.pool.query<{ key: string }>(
    `SELECT t.${t.legacyId} AS key FROM ${name} t WHERE t.${t.legacyId} = ANY ($1::uuid[])
            ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''}`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: null },
  );
  const known = new Set([...hidden, ...ahead.map(({ legacyId }) => legacyId)]);
  return rows.map(({ key }) => key).filter((key) => !known.has(key));
}

async function removeIn(scope: RefreshScope, mapping: Mapping, gone: Gone): Promise<Removed> {
  if (gone.keys.length === 0) return { ahead: [], hidden: [] };
  const table = await localTable(scope.runtime.pool, mapping);
  return inTransaction(scope, async (place) => {
    const rows = await lockRows(place, table, gone.keys);
    const overwrite = mapping.definition.onLocalAhead === 'overwrite';
    const ahead = rows.filter((row) => row.ahead && !overwrite);
    const removable = rows.filter((row) => !row.ahead || overwrite);
    const hidden = await removeRows(scope, mapping, {
      table,
      rows: removable,
      place,
    });
    const kept = new Set(ahead.map((row) => row.key));
    const keys = gone.keys.filter((key) => !kept.has(key));
    await noteKnown(place, { model: mapping.name, keys, askedAt: gone.askedAt, gone: true });
    return { ahead: ahead.map(aheadRow), hidden };
  });
}

async function lockRows(
  place: StorePlace,
  { name, columns: t }: LocalTable,
  keys: readonly string[],
): Promise<GoneRow[]> {
  return place.sequelize.query<GoneRow>(
    `
SELECT t.${t.primaryKey} AS id, t.${t.legacyId} AS key,
       coalesce(t.${t.modifiedAt} > t.${t.legacyModifiedAt}, true) AS ahead,
       t.${t.modifiedAt} AS local_modified_at, t.${t.legacyModifiedAt} AS legacy_modified_at
  FROM ${name} t WHERE t.${t.legacyId} = ANY ($1::uuid[])
 ORDER BY t.${t.legacyId} FOR UPDATE SKIP LOCKED`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: place.transaction },
  );
}

function aheadRow(row: GoneRow): AheadRow {
  return {
    id: row.id,
    legacyId: row.key,
    localModifiedAt: row.local_modified_at,
    legacyModifiedAt: row.legacy_modified_at,
  };
}

interface Removal {
  readonly table: LocalTable;
  readonly rows: readonly GoneRow[];
  readonly place: StorePlace;
}

/** Remove all rows at once; where others refer to some, find those by halves. */
async function removeRows(
  scope: RefreshScope,
  mapping: Mapping,
  removal: Removal,
): Promise<string[]> {
  const { rows } = removal;
  if (rows.length === 0) return [];
  const savepoint = await openSavepoint(removal.place.transaction);
  const place = { ...removal.place, transaction: savepoint };
  try {
    const stays = removal.table.columns.deletedAt !== undefined;
    const { model } = mapping;
    const note = async (): Promise<void> =>
      historyOf(scope.runtime.sequelize)?.note(savepoint, {
        model,
        keys: rows.map((row) => ({ [model.primaryKeyAttribute]: row.id })),
        kind: stays ? 'soft-deleted' : 'deleted',
        revision: { comment: refreshComment },
      });
    // What leaves the table has its last version before; what is marked, after it is.
    if (!stays) await note();
    await deleteRows(place, removal);
    if (stays) await note();
    await savepoint.commit();
    return [];
  } catch (error) {
    await savepoint.rollback();
    if (!isForeignKeyViolation(error)) throw error;
    const [only] = rows;
    if (only && rows.length === 1) return [only.key];
    const middle = Math.ceil(rows.length / 2);
    const first = await removeRows(scope, mapping, { ...removal, rows: rows.slice(0, middle) });
    const second = await removeRows(scope, mapping, { ...removal, rows: rows.slice(middle) });
    return [...first, ...second];
  }
}

async function deleteRows(place: StorePlace, { table, rows }: Removal): Promise<void> {
  const t = table.columns;
  const which = `${t.legacyId} = ANY ($1::uuid[])`;
  const sql = t.deletedAt
    ? `UPDATE ${table.name} SET ${t.deletedAt} = now() WHERE ${which} AND ${t.deletedAt} IS NULL`
    : `DELETE FROM ${table.name} WHERE ${which}`;
  await place.sequelize.query(sql, {
    bind: [rows.map((row) => row.key)],
    transaction: place.transaction,
  });
}
