import type { Sequelize, Transaction } from 'sequelize';
import { UnitOfWork } from '../model/unit-of-work';

/**
 * Open a savepoint in a transaction. It belongs to the outermost one, whichever savepoint of it is
 * given: what the library opens is over before the application can end that.
 */
export async function openSavepoint(transaction: Transaction): Promise<Transaction> {
  const root = outermost(transaction);
  const { sequelize } = root as unknown as { sequelize: Sequelize };
  return sequelize.transaction({ transaction: root });
}

/** The transaction that a savepoint is in, however deep; of a transaction itself. */
export function outermost(transaction: Transaction): Transaction {
  return UnitOfWork.of(transaction).transaction;
}
