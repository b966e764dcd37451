import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { NotInSyncError, type AheadRow, type RejectedRecord } from '../errors';
import { compare, type Difference } from './compare';
import { fetchRecords, withKeys } from './fetch';
import { refreshTable, type RefreshTable } from './input-sql';
import { missingParents } from './parents';
import { isDataError, isLockTimeout, noteRejected } from './rejected';
import { incomingRows, type IncomingRow } from './row';
import { expectRecords, inTransaction, placeOf, type RefreshScope } from './scope';
import { store } from './store';

/** One legacy answer about records of one model. */
export interface Answer {
  readonly mapping: Mapping;
  readonly records: readonly LegacyRecord[];
  /** When it was asked for, by the database's clock. */
  readonly askedAt: Date;
  /**
   * The answer to a write of our own: what the rows hold is replaced by it, and the versions belong
   * to the writer's revision.
   */
  readonly isOwnWrite?: boolean;
}

/** What a refresh found that the caller must decide on. */
export interface Applied {
  readonly rejected: readonly RejectedRecord[];
  /** Rows with local changes; left as they are. */
  readonly ahead: readonly AheadRow[];
}

/**
 * Bring the local rows to what an answer says. Records that this table refers to and that are not
 * here yet are fetched first.
 */
export async function applyAnswer(scope: RefreshScope, answer: Answer): Promise<Applied> {
  const { rows, columns, rejected } = incomingRows(answer.mapping, answer.records);
  const { mapping, askedAt, isOwnWrite = false } = answer;
  const table = await refreshTable(scope.runtime, mapping, columns);
  expectRecords(
    scope,
    mapping,
    rows.map((row) => row.key),
  );
  let applied: Applied = { rejected, ahead: [] };
  for (let start = 0; start < rows.length; start += chunkSize) {
    const chunk = rows.slice(start, start + chunkSize);
    const next = await applyRows(scope, table, { rows: chunk, askedAt, isOwnWrite });
    applied = bothOf(applied, next);
  }
  await noteRejected(placeOf(scope), mapping.name, applied.rejected);
  return applied;
}

/** The statements do not grow with the rows, but their parameters do. */
const chunkSize = 5000;

function bothOf(first: Applied, second: Applied): Applied {
  return {
    rejected: [...first.rejected, ...second.rejected],
    ahead: [...first.ahead, ...second.ahead],
  };
}

interface RowsAnswer {
  readonly rows: readonly IncomingRow[];
  readonly askedAt: Date;
  readonly isOwnWrite: boolean;
}

/**
 * One bad record must not stop the others: when PostgreSQL refuses the data of a batch, its halves
 * are tried, down to the record at fault.
 */
async function applyRows(
  scope: RefreshScope,
  table: RefreshTable,
  answer: RowsAnswer,
): Promise<Applied> {
  try {
    return await applyBatch(scope, table, answer);
  } catch (error) {
    if (!isDataError(error) && !isLockTimeout(error)) throw error;
    const [only] = answer.rows;
    if (only && answer.rows.length === 1) {
      // Whoever holds the lock is writing this very record, and leaves it as the CRM has it.
      if (isLockTimeout(error)) return { rejected: [], ahead: [] };
      const reason = error instanceof Error ? error.message : String(error);
      return { rejected: [{ legacyId: only.key, reason }], ahead: [] };
    }
    const middle = Math.ceil(answer.rows.length / 2);
    const first = await applyRows(scope, table, { ...answer, rows: answer.rows.slice(0, middle) });
    const second = await applyRows(scope, table, { ...answer, rows: answer.rows.slice(middle) });
    return bothOf(first, second);
  }
}

async function applyBatch(
  scope: RefreshScope,
  table: RefreshTable,
  answer: RowsAnswer,
): Promise<Applied> {
  // A comparison that fails must leave the caller's transaction usable, so it has a savepoint.
  const differences = scope.transaction
    ? await inTransaction(scope, (place) => compare(place, table, answer))
    : await compare(placeOf(scope), table, answer);
  const overwrite = answer.isOwnWrite || table.mapping.definition.onLocalAhead === 'overwrite';
  const ahead = differences.filter((row) => row.ahead && row.differs && !overwrite);
  const changes = differences.filter((row) => !(row.ahead && row.differs && !overwrite));
  const parents = await fetchParents(scope, table, changes);
  if (changes.length > 0) {
    await inTransaction(scope, (place) =>
      store(scope.runtime, place, table, { ...answer, differences: changes }),
    );
  }
  return { rejected: [], ahead: [...parents.ahead, ...ahead.map(aheadRow)] };
}

/**
 * Fetch the records that incoming rows refer to and that are not here, and their own parents, one
 * request a model and level. A parent that this call has or awaits already (records may refer to
 * each other) is linked at its end, by `linkDeferred`.
 */
async function fetchParents(
  scope: RefreshScope,
  table: RefreshTable,
  differences: readonly Difference[],
): Promise<Applied> {
  let applied: Applied = { rejected: [], ahead: [] };
  for (const [mapping, keys] of missingParents(table, differences)) {
    const wanted = expectRecords(scope, mapping, keys);
    if (wanted.length === 0) continue;
    const fetched = await fetchRecords(scope.runtime, mapping, withKeys(mapping, wanted));
    // What is wrong with a parent shows in the lookups that cannot be set.
    const { ahead } = await applyAnswer(scope, { mapping, ...fetched });
    applied = bothOf(applied, { rejected: [], ahead });
  }
  const open = differences.filter(({ unresolved }) => unresolved.length > 0);
  if (open.length > 0) scope.deferred.push({ table, differences: open });
  return applied;
}

function aheadRow(difference: Difference): AheadRow {
  return {
    id: difference.id,
    legacyId: difference.row.key,
    localModifiedAt: difference.localModifiedAt,
    legacyModifiedAt: difference.legacyModifiedAt,
  };
}

/** @throws NotInSyncError when rows are ahead. */
export function refuseAhead(mapping: Mapping, rows: readonly AheadRow[]): void {
  const [first, ...rest] = rows;
  if (first) throw new NotInSyncError(mapping.name, [first, ...rest]);
}
