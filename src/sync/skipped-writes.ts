import type { Transaction } from 'sequelize';
import { transactionOf } from '../model/context';
import { UnitOfWork } from '../model/unit-of-work';
import { OwnStatement } from './write/bulk/own-statement';

const written = new WeakSet<Transaction>();

/** Note that a skipped call is about to change rows; not what a bulk call itself changes on the way. */
export function noteSkippedWrite(options: unknown): void {
  if (OwnStatement.current()) return;
  const transaction = transactionOf(options as Parameters<typeof transactionOf>[0]);
  if (transaction) written.add(UnitOfWork.of(transaction).transaction);
}

/**
 * Whether skipped calls may have changed rows in a transaction, savepoints included. Then only the
 * transaction itself can tell how its rows stand to those of the legacy system.
 */
export function hasSkippedWrites(transaction: Transaction): boolean {
  return written.has(UnitOfWork.of(transaction).transaction);
}
