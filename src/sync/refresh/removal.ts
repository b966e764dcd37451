import { QueryTypes } from 'sequelize';
import { historyOf } from '../../model/history';
import { openSavepoint } from '../savepoint';
import type { Mapping } from '../../mapping';
import { SyncError, type AheadRow } from '../errors';
import { localTable, type LocalTable } from '../local-table';
import { keysReferredTo } from './references';
import { isForeignKeyViolation } from './rejected';
import { inCallersTransaction, inTransaction, type RefreshScope, type StorePlace } from './scope';
import { noteKnown, refreshComment } from './store';

interface GoneRow {
  readonly id: unknown;
  readonly key: string;
  readonly ahead: boolean;
  readonly local_modified_at: Date | null;
  readonly legacy_modified_at: Date | null;
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

interface Gone {
  readonly keys: readonly string[];
  readonly askedAt: Date;
}

interface Removed {
  readonly ahead: readonly AheadRow[];
  readonly hidden: readonly string[];
}

/** What one transaction could remove. */
interface RemovedHere extends Removed {
  /** Keys whose rows were left because somebody else has locked them. */
  readonly held: readonly string[];
}

/**
 * Remove the rows of records that are certainly gone. Rows with local changes stay and are
 * reported; rows that others refer to, or that somebody else has locked, stay and are hidden.
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
  const keys = isCallers ? second.held : [];
  const third = await removeIn(inCallersTransaction(scope), mapping, { ...gone, keys });
  const held = [...first.held, ...(isCallers ? third.held : second.held)];
  return {
    ahead: [...first.ahead, ...second.ahead, ...third.ahead],
    hidden: [...first.hidden, ...second.hidden, ...third.hidden, ...held],
  };
}

async function removeIn(scope: RefreshScope, mapping: Mapping, gone: Gone): Promise<RemovedHere> {
  if (gone.keys.length === 0) return { ahead: [], hidden: [], held: [] };
  const table = await localTable(scope.runtime.pool, mapping);
  return inTransaction(scope, async (place) => {
    const rows = await lockRows(place, table, gone.keys);
    const held = await heldKeys(place, table, { keys: gone.keys, rows });
    const overwrite = mapping.definition.onLocalAhead === 'overwrite';
    const ahead = rows.filter((row) => row.ahead && !overwrite);
    const removable = rows.filter((row) => !row.ahead || overwrite);
    const referred = await keysReferredTo(scope.runtime, place, {
      mapping,
      keys: removable.map(({ key }) => key),
    });
    const rest = removable.filter(({ key }) => !referred.has(key));
    const removed = await removeRows(scope, mapping, { table, rows: rest, place });
    const hidden = [...referred, ...removed];
    // Who holds a row may have noted the same key already, and keeps that note until it ends.
    const left = new Set([...held, ...ahead.map((row) => row.key)]);
    const keys = gone.keys.filter((key) => !left.has(key));
    await noteKnown(place, { model: mapping.name, keys, askedAt: gone.askedAt, gone: true });
    return { ahead: ahead.map(aheadRow), hidden, held };
  });
}

/** Of these keys, those that have a row which is not among the locked ones. */
async function heldKeys(
  place: StorePlace,
  { name, columns: t }: LocalTable,
  { keys, rows }: { readonly keys: readonly string[]; readonly rows: readonly GoneRow[] },
): Promise<string[]> {
  const locked = new Set(rows.map(({ key }) => key));
  const rest = keys.filter((key) => !locked.has(key));
  if (rest.length === 0) return [];
  const found = await place.sequelize.query<{ key: string }>(
    `SELECT t.${t.legacyId} AS key FROM ${name} t WHERE t.${t.legacyId} = ANY ($1::uuid[])`,
    { bind: [rest], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return found.map(({ key }) => key);
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
