import { QueryTypes, type Transaction } from 'sequelize';
import type { RevisionDetails } from '../../model/history';
import { commitOrRollBack } from '../commit-or-roll-back';
import { openSavepoint } from '../savepoint';
import { hasSkippedWrites } from '../skipped-writes';
import type { Mapping } from '../../mapping';
import type { RejectedRecord } from '../errors';
import type { Place, Runtime } from '../runtime';
import type { Difference } from './compare';
import type { RefreshTable } from './input-sql';

/** A place that is inside a transaction. */
export interface StorePlace extends Place {
  readonly transaction: Transaction;
  /** What versions belong to, when it is not a revision of the refresh's own. */
  readonly revision?: SharedRevision;
}

/** A revision that several transactions write to. */
export type SharedRevision = RevisionDetails & {
  /** UUID */
  readonly id: string;
};

/** What a call carries through all the refreshes that it causes. */
export interface RefreshScope {
  readonly runtime: Runtime;
  /** The caller's transaction, whose own uncommitted rows a call must see. */
  readonly caller: Transaction | undefined;
  /**
   * The transaction that rows are stored in; without one, short ones on the library's pool. Rows that
   * a mere reader has refreshed must not stay locked until its transaction ends.
   */
  readonly transaction: Transaction | undefined;
  /** The legacy keys of records that the caller's transaction has written: stored in that. */
  readonly ownKeys: ReadonlySet<string>;
  /** Those that the legacy system does not have yet as they are here: what it says of them is left out. */
  readonly pendingKeys: KeysByMapping;
  /** Keys of rows that were left as last committed, because of others' writes under way. */
  readonly left: Set<string>;
  /** By model: keys of records that this call has received or asked for as somebody's parents. */
  readonly expected: Map<Mapping, Set<string>>;
  /** By model whose answer is still arriving: parents that may be on a later page of it. */
  readonly awaited: Map<Mapping, Set<string>>;
  /** Lookups to set when everything has arrived: two records may refer to each other. */
  readonly deferred: {
    readonly scope: RefreshScope;
    readonly table: RefreshTable;
    readonly differences: Difference[];
  }[];
  /** Parents that could not be kept. */
  readonly rejected: { readonly mapping: Mapping; readonly records: readonly RejectedRecord[] }[];
  /** What versions belong to, when it is not a revision of the refresh's own. */
  readonly revision?: SharedRevision;
}

/** The legacy side of the caller's transaction, as far as a refresh must know it. */
export interface CallersWrites {
  keys(): ReadonlySet<string>;
  pendingKeys(): KeysByMapping;
}

/** Legacy keys by model. */
type KeysByMapping = ReadonlyMap<Mapping, ReadonlySet<string>>;

/**
 * Begin the refreshes of a read. In a transaction above READ COMMITTED they run in it: what others
 * commit would stay invisible to it. So they do where skipped calls have changed rows, which elsewhere
 * still look as the legacy system has them.
 */
export function refreshScope(
  runtime: Runtime,
  caller?: Transaction,
  writes?: CallersWrites,
): RefreshScope {
  return {
    runtime,
    caller,
    transaction:
      caller && (isAboveReadCommitted(caller) || hasSkippedWrites(caller)) ? caller : undefined,
    ownKeys: writes?.keys() ?? new Set(),
    pendingKeys: writes?.pendingKeys() ?? new Map(),
    left: new Set(),
    expected: new Map(),
    awaited: new Map(),
    deferred: [],
    rejected: [],
  };
}

/** Whether the caller's transaction has changed a record in a way that the legacy system is yet to hear of. */
export function isPending(
  { pendingKeys }: Pick<RefreshScope, 'pendingKeys'>,
  mapping: Mapping,
  key: string,
): boolean {
  return pendingKeys.get(mapping)?.has(key) ?? false;
}

/** Begin a refresh within a write: it belongs to the writer's transaction. */
export function writeScope(
  runtime: Runtime,
  transaction: Transaction,
  writes?: CallersWrites,
): RefreshScope {
  return { ...refreshScope(runtime, transaction, writes), transaction };
}

/** The same, for rows that the caller's transaction has written itself. */
export function inCallersTransaction(scope: RefreshScope): RefreshScope {
  return { ...scope, transaction: scope.caller };
}

function isAboveReadCommitted(transaction: Transaction): boolean {
  const { options } = transaction as unknown as { options: { isolationLevel?: string | null } };
  return /REPEATABLE READ|SERIALIZABLE/.test(options.isolationLevel ?? '');
}

/** Note that these records have come, or will; returns those that were not expected yet. */
export function expectRecords(
  { expected }: RefreshScope,
  mapping: Mapping,
  keys: Iterable<string>,
): string[] {
  const known = expected.get(mapping) ?? new Set();
  expected.set(mapping, known);
  const fresh: string[] = [];
  for (const key of keys) {
    if (!known.has(key)) fresh.push(key);
    known.add(key);
  }
  return fresh;
}

/** Where a call sees local rows: with what its caller's transaction has changed. */
export function placeOf({ runtime, caller }: RefreshScope): Place {
  return caller
    ? { sequelize: runtime.sequelize, transaction: caller }
    : { sequelize: runtime.pool, transaction: null };
}

/** How long a refresh waits for somebody else's lock. */
export const lockTimeoutMs = 1000;

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
  const place = { sequelize, transaction, ...(scope.revision && { revision: scope.revision }) };
  return commitOrRollBack(transaction, async () => {
    const before = await setLockTimeout(place, String(lockTimeoutMs));
    const result = await body(place);
    if (outer) await setLockTimeout(place, before);
    return result;
  });
}

/** Run in the writer's transaction as it is: a failure ends the write, whose savepoint is rolled back. */
export async function inWrite<T>(
  scope: RefreshScope,
  body: (place: StorePlace) => Promise<T>,
): Promise<T> {
  const { runtime, transaction } = scope;
  if (!transaction) return inTransaction(scope, body);
  return body({ sequelize: runtime.sequelize, transaction });
}

/** Limit the wait for locks until the transaction ends; gives the limit that was in force. */
async function setLockTimeout(place: StorePlace, value: string): Promise<string> {
  const [row] = await place.sequelize.query<{ before: string }>(
    `SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', $1, true)`,
    { bind: [value], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return row?.before ?? '0';
}
