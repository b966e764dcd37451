import type { Model, Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import { openSavepoint } from '../savepoint';
import type { Place, Synced } from '../runtime';
import { LegacyUnit } from './legacy-unit';

/** One write, with everything its steps need. */
export interface SyncedWrite extends Synced {
  readonly transaction: Transaction;
  readonly unit: LegacyUnit;
  readonly place: Place;
}

/**
 * Run a write in the caller's transaction, inside a savepoint, or in one opened for it. When it
 * fails, nothing of it is left locally; the error reaches the caller, whose transaction goes on.
 */
export async function inSyncedWrite<T>(
  synced: Synced,
  options: { transaction?: Transaction | null } | undefined,
  body: (write: SyncedWrite) => Promise<T>,
): Promise<T> {
  await synced.runtime.prepared.require(synced.mapping.name);
  const outer = transactionOf(options);
  if (outer) {
    const unit = LegacyUnit.of(synced.runtime, outer);
    return unit.lane.run(async () => {
      const savepoint = await openSavepoint(outer);
      return endWith(savepoint, () => body(writeIn(synced, unit, savepoint)));
    });
  }
  const transaction = await synced.runtime.sequelize.transaction({ transaction: null });
  const unit = LegacyUnit.of(synced.runtime, transaction);
  return endWith(transaction, () => unit.lane.run(() => body(writeIn(synced, unit, transaction))));
}

function writeIn(synced: Synced, unit: LegacyUnit, transaction: Transaction): SyncedWrite {
  const { sequelize } = synced.runtime;
  return { ...synced, unit, transaction, place: { sequelize, transaction } };
}

async function endWith<T>(transaction: Transaction, body: () => Promise<T>): Promise<T> {
  try {
    const result = await body();
    await transaction.commit();
    return result;
  } catch (error) {
    await rollBack(transaction, error);
    throw error;
  }
}

/** A commit that failed has rolled back already. */
async function rollBack(transaction: Transaction, reason: unknown): Promise<void> {
  const { finished } = transaction as Transaction & { finished?: string };
  if (finished !== undefined) return;
  try {
    await transaction.rollback();
  } catch (error) {
    if (error instanceof Error) error.cause ??= reason;
    throw error;
  }
}

/** The primary key of an instance. */
export function idOf(instance: Model): unknown {
  const { primaryKeyAttribute } = instance.constructor as typeof Model;
  return instance.get(primaryKeyAttribute);
}
