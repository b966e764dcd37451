import type { Transaction } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { openSavepoint } from '../../model/unit-of-work';
import type { Mapping } from '../../mapping';
import { NotInSyncError, type AheadRow, type RejectedRecord } from '../errors';
import type { Place, Runtime } from '../runtime';
import { compare, type Difference } from './compare';
import { refreshTable, type RefreshTable } from './input-sql';
import { fetchMissingParents } from './parents';
import { isDataError, isLockTimeout, noteRejected } from './rejected';
import { incomingRows, type IncomingRow } from './row';
import { store, type StorePlace } from './store';

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

/** What a call carries through all the refreshes that it causes. */
export interface RefreshScope {
  readonly runtime: Runtime;
  /** The caller's transaction; without one a refresh has a short one of its own. */
  readonly transaction: Transaction | undefined;
  /** `Model:key` of parents that this call has asked for already. */
  readonly askedParents: Set<string>;
  /** Lookups to set when everything has arrived: two records may refer to each other. */
  readonly deferred: { readonly table: RefreshTable; readonly differences: Difference[] }[];
}

/** What a refresh found that the caller must decide on. */
export interface Applied {
  readonly rejected: readonly RejectedRecord[];
  /** Rows with local changes; left as they are. */
  readonly ahead: readonly AheadRow[];
}

/** Begin the refreshes of one call. */
export function refreshScope(runtime: Runtime, transaction: Transaction | undefined): RefreshScope {
  return { runtime, transaction, askedParents: new Set(), deferred: [] };
}

/** The place where statements of this scope run that need no transaction of their own. */
export function placeOf({ runtime, transaction }: RefreshScope): Place {
  return transaction
    ? { sequelize: runtime.sequelize, transaction }
    : { sequelize: runtime.pool, transaction: null };
}

/**
 * Bring the local rows to what an answer says. Records that this table refers to and that are not
 * here yet are fetched first.
 */
export async function applyAnswer(scope: RefreshScope, answer: Answer): Promise<Applied> {
  const { rows, columns, rejected } = incomingRows(answer.mapping, answer.records);
  const table = await refreshTable(scope.runtime, answer.mapping, columns);
  const { askedAt, isOwnWrite = false } = answer;
  const applied = await applyRows(scope, table, { rows, askedAt, isOwnWrite });
  const all = [...rejected, ...applied.rejected];
  await noteRejected(placeOf(scope), answer.mapping.name, all);
  return { rejected: all, ahead: applied.ahead };
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
    return {
      rejected: [...first.rejected, ...second.rejected],
      ahead: [...first.ahead, ...second.ahead],
    };
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
  await fetchMissingParents(scope, table, changes);
  if (changes.length > 0) {
    await inTransaction(scope, (place) =>
      store(scope.runtime, place, table, { ...answer, differences: changes }),
    );
  }
  return { rejected: [], ahead: ahead.map(aheadRow) };
}

function aheadRow(difference: Difference): AheadRow {
  return {
    id: difference.id,
    legacyId: difference.row.key,
    localModifiedAt: difference.localModifiedAt,
    legacyModifiedAt: difference.legacyModifiedAt,
  };
}

/** Run in a savepoint of the caller's transaction, or in a short transaction of the library's. */
export async function inTransaction<T>(
  scope: RefreshScope,
  body: (place: StorePlace) => Promise<T>,
): Promise<T> {
  const { runtime, transaction: outer } = scope;
  const sequelize = outer ? runtime.sequelize : runtime.pool;
  const transaction = outer
    ? await openSavepoint(outer)
    : await sequelize.transaction({ transaction: null });
  try {
    if (!outer) {
      await sequelize.query(`SELECT set_config('lock_timeout', '1000', true)`, { transaction });
    }
    const result = await body({ sequelize, transaction });
    await transaction.commit();
    return result;
  } catch (error) {
    await rollBack(transaction);
    throw error;
  }
}

/** A failed commit has rolled back already. */
async function rollBack(transaction: Transaction): Promise<void> {
  if ((transaction as Transaction & { finished?: string }).finished === undefined) {
    await transaction.rollback();
  }
}

/** @throws NotInSyncError when rows are ahead. */
export function refuseAhead(mapping: Mapping, rows: readonly AheadRow[]): void {
  const [first, ...rest] = rows;
  if (first) throw new NotInSyncError(mapping.name, [first, ...rest]);
}
