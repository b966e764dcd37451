import type { Model, Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import { commitOrRollBack } from '../commit-or-roll-back';
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
      return commitOrRollBack(savepoint, () => body(writeIn(synced, unit, savepoint)));
    });
  }
  const transaction = await synced.runtime.sequelize.transaction({ transaction: null });
  const unit = LegacyUnit.of(synced.runtime, transaction);
  return commitOrRollBack(transaction, () =>
    unit.lane.run(() => body(writeIn(synced, unit, transaction))),
  );
}

function writeIn(synced: Synced, unit: LegacyUnit, transaction: Transaction): SyncedWrite {
  const { sequelize } = synced.runtime;
  return { ...synced, unit, transaction, place: { sequelize, transaction } };
}

/** The primary key of an instance. */
export function idOf(instance: Model): unknown {
  const { primaryKeyAttribute } = instance.constructor as typeof Model;
  return instance.get(primaryKeyAttribute);
}
