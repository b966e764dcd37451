import type { Model, Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import { commitOrRollBack } from '../commit-or-roll-back';
import { SyncError } from '../errors';
import { openSavepoint, outermost } from '../savepoint';
import type { Place, Synced } from '../runtime';
import { LegacyUnit } from './legacy-unit';
import { beginReserved, Reservation } from './reservation';

/** One write, with everything its steps need. */
export interface SyncedWrite extends Synced {
  readonly transaction: Transaction;
  readonly unit: LegacyUnit;
  readonly place: Place;
  /** For the first intent, if that is noted alone. */
  readonly reservation?: Reservation | undefined;
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
  const { sequelize } = synced.runtime;
  return inWrite(synced, options, {
    body,
    begin: (outer) => (outer ? openSavepoint(outer) : sequelize.transaction({ transaction: null })),
  });
}

/** The same for a write that is expected to send one record: what noting it needs is reserved. */
export async function inReservedWrite<T>(
  synced: Synced,
  options: { transaction?: Transaction | null } | undefined,
  body: (write: SyncedWrite) => Promise<T>,
): Promise<T> {
  const { sequelize } = synced.runtime;
  const reservation = new Reservation();
  return inWrite(synced, options, {
    begin: (outer) => beginReserved(sequelize, outer ? outermost(outer) : null, reservation),
    body: async (write) => {
      const result = await body({ ...write, reservation });
      if (reservation.take()) write.unit.forget(reservation.intentId);
      return result;
    },
  });
}

/**
 * Run a call that writes. The end of the caller's transaction waits for it, from the moment of the call.
 *
 * @throws SyncError when that transaction is being ended already.
 */
export async function holdOpen<T>(
  { runtime, mapping }: Synced,
  options: { transaction?: Transaction | null } | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const outer = transactionOf(options);
  return outer ? LegacyUnit.of(runtime, outer).hold(mapping.name, body) : body();
}

interface Run<T> {
  /** Begin a savepoint in a transaction, or without one a transaction. */
  readonly begin: (outer: Transaction | undefined) => Promise<Transaction>;
  readonly body: (write: SyncedWrite) => Promise<T>;
}

async function inWrite<T>(
  synced: Synced,
  options: { transaction?: Transaction | null } | undefined,
  { begin, body }: Run<T>,
): Promise<T> {
  const { name } = synced.mapping;
  const outer = transactionOf(options);
  if (outer) {
    const unit = LegacyUnit.of(synced.runtime, outer);
    return holdOpen(synced, options, () =>
      unit.lane.run(async () => {
        await synced.runtime.prepared.require(name);
        unit.requireOpen(name);
        const savepoint = await begin(outer);
        return commitOrRollBack(savepoint, () => body(writeIn(synced, unit, savepoint))).catch(
          doomIfKept(unit, savepoint),
        );
      }),
    );
  }
  await synced.runtime.prepared.require(name);
  const transaction = await begin(undefined);
  const unit = LegacyUnit.of(synced.runtime, transaction);
  return commitOrRollBack(transaction, () =>
    unit.lane.run(() => body(writeIn(synced, unit, transaction))),
  );
}

/** What a failed write has changed here stays when a hook has released its savepoint. */
function doomIfKept(unit: LegacyUnit, savepoint: Transaction): (error: unknown) => never {
  return (error) => {
    if (endOf(savepoint) === 'commit' && error instanceof Error) unit.doom(error);
    throw error;
  };
}

/** How a transaction, or a savepoint, has been ended; undefined while it is open. */
function endOf(transaction: Transaction): 'commit' | 'rollback' | undefined {
  return (transaction as Transaction & { readonly finished?: 'commit' | 'rollback' }).finished;
}

function writeIn(synced: Synced, unit: LegacyUnit, transaction: Transaction): SyncedWrite {
  const { sequelize } = synced.runtime;
  return { ...synced, unit, transaction, place: { sequelize, transaction } };
}

/**
 * Refuse to go on with a write that has lost its transaction: nothing has been sent of it yet.
 *
 * @throws SyncError when a hook has ended it.
 */
export function requireTransaction({ transaction, mapping }: SyncedWrite): void {
  if (!endOf(transaction) && !endOf(outermost(transaction))) return;
  throw new SyncError(
    "A hook has ended the transaction of this write (the hook's options.transaction). Throw in the " +
      'hook instead: the write is then undone on both sides.',
    { model: mapping.name },
  );
}

/** The primary key of an instance. */
export function idOf(instance: Model): unknown {
  const { primaryKeyAttribute } = instance.constructor as typeof Model;
  return instance.get(primaryKeyAttribute);
}
