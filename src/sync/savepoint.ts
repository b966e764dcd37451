import type { Sequelize, Transaction } from 'sequelize';
import { UnitOfWork } from '../model/unit-of-work';

/**
 * Open a savepoint in a transaction.
 *
 * NOTE: it is opened from the outermost transaction, because Sequelize 6 gives a savepoint within a
 * savepoint the name of another one, and then rolls back to the wrong place.
 */
export async function openSavepoint(transaction: Transaction): Promise<Transaction> {
  const { transaction: root } = UnitOfWork.of(transaction);
  const { sequelize } = root as unknown as { sequelize: Sequelize };
  return sequelize.transaction({ transaction: root });
}
