import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { LockedRowError, NotInSyncError, type AheadRow, type RejectedRecord } from '../errors';
import { compare, type Difference } from './compare';
import { fetchRecords, withKeys } from './fetch';
import { parentAnswers } from './absent-parents';
import { refreshTable, type RefreshTable } from './input-sql';
import { holdRows, isKeptAsItIs, isKeptOut, keptOut } from './kept-out';
import { clearingTheWay, type Moved } from './moving';
import { withoutOpenWrites } from './open-writes';
import { overwriteOwn, type OwnRow } from './own-image';
import { missingParents } from './parents';
import { adoptRemadeLinks } from './remade-links';
import { mayHoldItself, partsOf } from './parts';
import { isDataError, isLockTimeout, noteRejected } from './rejected';
import { incomingRows, type IncomingRow } from './row';
import {
  expectRecords,
  inCallersTransaction,
  inTransaction,
  inWrite,
  isPending,
  type RefreshScope,
} from './scope';
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
  /** They count as not there: those without a row get a hidden one, for others to refer to. */
  readonly areAbsent?: boolean;
  /** Told of rows of an own write as they are now stored, as far as they are known. */
  readonly onStored?: (rows: readonly OwnRow[]) => void;
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
  const { mapping } = answer;
  const table = await refreshTable(scope.runtime, mapping, columns);
  const wanted = rows.filter(({ key }) => !isPending(scope, mapping, key));
  expectRecords(scope, mapping, [...wanted.map(({ key }) => key), ...scope.ownKeys]);
  let applied: Applied = { rejected, ahead: [] };
  for (const part of partsOf(scope, table, wanted)) {
    for (let start = 0; start < part.rows.length; start += chunkSize) {
      const chunk = part.rows.slice(start, start + chunkSize);
      const { askedAt, isOwnWrite = false, areAbsent = false, onStored } = answer;
      const next = await applyRows(part.scope, table, {
        rows: chunk,
        all: wanted,
        ...{ askedAt, isOwnWrite, areAbsent, onStored },
      });
      applied = bothOf(applied, next);
    }
  }
  await noteRejected(
    { sequelize: scope.runtime.pool, transaction: null },
    mapping.name,
    applied.rejected,
  );
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
  /** All rows of the answer. */
  readonly all: readonly IncomingRow[];
  readonly moved?: Moved;
  readonly askedAt: Date;
  readonly isOwnWrite: boolean;
  readonly areAbsent: boolean;
  readonly onStored?: Answer['onStored'];
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
    return await clearingTheWay({ scope, table, answer }, (own) => applyBatch(scope, table, own));
  } catch (error) {
    if (!isDataError(error) && !isLockTimeout(error)) throw error;
    if (isLockTimeout(error) && mayHoldItself(scope)) {
      return applyRows(inCallersTransaction(scope), table, answer);
    }
    // Nothing more can be tried in a write's own transaction, which has failed.
    if (answer.isOwnWrite && answer.rows.length > 1) throw error;
    const [only] = answer.rows;
    if (only && answer.rows.length === 1) {
      if (isLockTimeout(error)) throw lockedRow(table, only.key, error);
      const reason = error instanceof Error ? error.message : String(error);
      return { rejected: [{ legacyId: only.key, reason }], ahead: [] };
    }
    const middle = Math.ceil(answer.rows.length / 2);
    const first = await applyRows(scope, table, { ...answer, rows: answer.rows.slice(0, middle) });
    const second = await applyRows(scope, table, { ...answer, rows: answer.rows.slice(middle) });
    return bothOf(first, second);
  }
}

function lockedRow(table: RefreshTable, legacyId: string, cause?: unknown): LockedRowError {
  return new LockedRowError(
    'The row cannot be brought up to date, because another transaction holds it. End that ' +
      'transaction, or try again.',
    { model: table.mapping.name, legacyId, cause },
  );
}

/** Rests between looks at rows that somebody else holds, in milliseconds. */
const restsMs = [20, 50, 100, 200, 300, 400];

/**
 * Compare, and store what differs. Rows that somebody else holds are looked at again, since most
 * are free in a moment; those of another's synced write stay as last committed.
 */
async function applyBatch(
  scope: RefreshScope,
  table: RefreshTable,
  answer: RowsAnswer,
): Promise<Applied> {
  let applied: Applied = { rejected: [], ahead: [] };
  let rows = await withoutOwnImages(scope, table, answer);
  if (rows.length === 0) return applied;
  const held = new Set<string>();
  const isOut = answer.isOwnWrite ? isKeptAsItIs(held) : isKeptOut(new Set());
  for (const restMs of [...restsMs, undefined]) {
    const { ahead, ...met } = await compareAndStore(scope, table, { ...answer, rows });
    const out = answer.moved ? [] : met.left.filter(isOut);
    applied = bothOf(applied, { rejected: out.map(keptOut), ahead });
    const left = met.left.filter((one) => !out.includes(one)).map(({ row }) => row);
    const [first] = left;
    if (!first) return applied;
    if (mayHoldItself(scope)) {
      const own = await applyRows(inCallersTransaction(scope), table, { ...answer, rows: left });
      return bothOf(applied, own);
    }
    if (restMs === undefined) throw lockedRow(table, first.key);
    if (answer.isOwnWrite) await holdRows(scope, table, { rows: left, held });
    await new Promise((resolve) => setTimeout(resolve, restMs));
    rows = left;
  }
  return applied;
}

/** Store what the rows of an own write have become; gives those that need more than that. */
async function withoutOwnImages(
  scope: RefreshScope,
  table: RefreshTable,
  { rows, askedAt, isOwnWrite, onStored }: RowsAnswer,
): Promise<readonly IncomingRow[]> {
  if (!isOwnWrite || !scope.transaction || table.mapping.link) return rows;
  const stored = await inWrite(scope, (place) =>
    overwriteOwn(scope.runtime, place, table, { rows, askedAt }),
  );
  onStored?.(stored);
  const keys = new Set(stored.map(({ key }) => key));
  return rows.filter(({ key }) => !keys.has(key));
}

async function compareAndStore(
  scope: RefreshScope,
  table: RefreshTable,
  answer: RowsAnswer,
): Promise<{ left: readonly Difference[]; ahead: readonly AheadRow[] }> {
  // A comparison that fails must leave the caller's transaction usable, so it has a savepoint.
  const within = answer.isOwnWrite ? inWrite : inTransaction;
  const differences = scope.transaction
    ? await within(scope, (place) => compare(place, table, answer))
    : await compare({ sequelize: scope.runtime.pool, transaction: null }, table, answer);
  if (differences.length === 0) return { left: [], ahead: [] };
  const free = await withoutOpenWrites(scope, table, { ...answer, differences });
  const fresh = { ...answer, differences: free };
  if (await adoptRemadeLinks(scope, table, fresh)) return compareAndStore(scope, table, answer);
  const overwrite = answer.isOwnWrite || table.mapping.definition.onLocalAhead === 'overwrite';
  const isAhead = (row: Difference): boolean => row.ahead && row.differs && !overwrite;
  const again = answer.areAbsent ? [] : await askAgain(scope, table, free);
  // A row that is here already can be referred to as it is.
  const isMeant = ({ id }: Difference): boolean => !answer.areAbsent || id === null;
  const changes = free.filter((row) => !isAhead(row) && !row.late && isMeant(row));
  const parents = await fetchParents(scope, table, changes);
  const ahead = [...again, ...parents.ahead, ...free.filter(isAhead).map(aheadRow)];
  if (changes.length === 0) return { left: [], ahead };
  const stored = await within(scope, (place) =>
    store(scope.runtime, place, table, { ...answer, differences: changes }),
  );
  return { left: changes.filter(({ row }) => !stored.has(row.key)), ahead };
}

/** What came too late to be believed is asked for again; it may be gone. */
async function askAgain(
  scope: RefreshScope,
  { mapping }: RefreshTable,
  differences: readonly Difference[],
): Promise<readonly AheadRow[]> {
  const keys = differences.filter(({ late }) => late).map(({ row }) => row.key);
  if (keys.length === 0) return [];
  const fetched = await fetchRecords(scope.runtime, mapping, { filter: withKeys(mapping, keys) });
  const { ahead, rejected } = await applyAnswer(scope, { mapping, ...fetched });
  scope.rejected.push({ mapping, records: rejected });
  return ahead;
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
    const awaited = scope.awaited.get(mapping);
    for (const key of awaited ? keys : []) awaited?.add(key);
    if (!awaited) applied = bothOf(applied, await fetchAwaited(scope, mapping, keys));
  }
  const open = differences.filter(({ unresolved }) => unresolved.length > 0);
  if (open.length > 0) scope.deferred.push({ scope, table, differences: open });
  return applied;
}

/** Fetch and store those of these records that this call neither has nor has asked for. */
export async function fetchAwaited(
  scope: RefreshScope,
  mapping: Mapping,
  keys: ReadonlySet<string>,
): Promise<Applied> {
  const wanted = expectRecords(scope, mapping, keys);
  if (wanted.length === 0) return { rejected: [], ahead: [] };
  const ahead: AheadRow[] = [];
  for (const answer of await parentAnswers(scope.runtime, mapping, wanted)) {
    const applied = await applyAnswer(scope, answer);
    scope.rejected.push({ mapping, records: applied.rejected });
    ahead.push(...applied.ahead);
  }
  return { rejected: [], ahead };
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
