import type { Transaction } from 'sequelize';
import { openSavepoint } from '../../model/unit-of-work';
import type { Mapping } from '../../mapping';
import type { Place, Runtime } from '../runtime';
import type { Difference } from './compare';
import type { RefreshTable } from './input-sql';

/** A place that is inside a transaction. */
export interface StorePlace extends Place {
  readonly transaction: Transaction;
}

/** What a call carries through all the refreshes that it causes. */
export interface RefreshScope {
  readonly runtime: Runtime;
  /** The caller's transaction; without one a refresh has a short one of its own. */
  readonly transaction: Transaction | undefined;
  /** By model: keys of records that this call has received or asked for as somebody's parents. */
  readonly expected: Map<Mapping, Set<string>>;
  /** Lookups to set when everything has arrived: two records may refer to each other. */
  readonly deferred: { readonly table: RefreshTable; readonly differences: Difference[] }[];
}

/** Begin the refreshes of one call. */
export function refreshScope(runtime: Runtime, transaction: Transaction | undefined): RefreshScope {
  return { runtime, transaction, expected: new Map(), deferred: [] };
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

/** The place where statements of this scope run that need no transaction of their own. */
export function placeOf({ runtime, transaction }: RefreshScope): Place {
  return transaction
    ? { sequelize: runtime.sequelize, transaction }
    : { sequelize: runtime.pool, transaction: null };
}

/** How long a refresh waits for somebody else's lock. */
const lockTimeoutMs = 1000;

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
      await sequelize.query(`SELECT set_config('lock_timeout', $1, true)`, {
        bind: [String(lockTimeoutMs)],
        transaction,
      });
    }
    const result = await body({ sequelize, transaction });
    await transaction.commit();
    return result;
  } catch (error) {
    await rollBack(transaction);
    throw error;
  }
}

/** Roll back, unless a commit that failed has done so already. */
export async function rollBack(transaction: Transaction): Promise<void> {
  const { finished } = transaction as Transaction & { readonly finished?: string };
  if (finished === undefined) await transaction.rollback();
}
