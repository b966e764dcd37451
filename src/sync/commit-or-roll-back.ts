import type { Transaction } from 'sequelize';

/** Run in a transaction, and commit it; whatever fails, it is rolled back and the failure thrown. */
export async function commitOrRollBack<T>(
  transaction: Transaction,
  body: () => Promise<T>,
): Promise<T> {
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
  const { finished } = transaction as Transaction & { readonly finished?: string };
  if (finished !== undefined) return;
  try {
    await transaction.rollback();
  } catch (error) {
    if (error instanceof Error) error.cause ??= reason;
    throw error;
  }
}
