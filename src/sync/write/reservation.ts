import { QueryTypes, Transaction, type Sequelize } from 'sequelize';
import { newIntentId, type Step } from './steps';

/**
 * The lock and the done row of a write's first intent, taken by the very message that begins the
 * write's transaction or savepoint: so they cost no round trip of their own.
 */
export class Reservation {
  readonly intentId = newIntentId();
  readonly lockId = newIntentId();
  #isTaken = false;

  /** Have it for an intent that is noted alone; false when another has it. */
  take(): boolean {
    const isFree = !this.#isTaken;
    this.#isTaken = true;
    return isFree;
  }

  /** Have an intent that is noted alone be the reserved one; gives the number of its lock. */
  lockFor(steps: readonly Step[]): string | undefined {
    const [only, ...others] = steps;
    if (!only || others.length > 0 || !this.take()) return undefined;
    only.intentId = this.intentId;
    return this.lockId;
  }

  /** SQL without parameters: PostgreSQL takes several statements in one message only so. */
  get sql(): string {
    return (
      `WITH done AS (INSERT INTO dual_write_done VALUES (${this.intentId})) ` +
      `SELECT pg_advisory_xact_lock(${this.lockId})`
    );
  }
}

/** What Sequelize's own `sequelize.transaction()` does with a new transaction. */
interface NewTransaction extends Transaction {
  readonly options: { readonly isolationLevel?: string | null };
  begin(): Promise<unknown>;
  prepareEnvironment(useNamespace: boolean): Promise<unknown>;
}

interface TransactionSql {
  startTransactionQuery(transaction: Transaction): string;
  setIsolationLevelQuery(
    level: string,
    options: { parent: Transaction | null },
  ): string | undefined;
}

/** Begin a transaction, or a savepoint in one, with a reservation. */
export async function beginReserved(
  sequelize: Sequelize,
  parent: Transaction | null,
  reservation: Reservation,
): Promise<Transaction> {
  const transaction = new Transaction(sequelize, { transaction: parent }) as NewTransaction;
  const { queryGenerator } = sequelize.getQueryInterface() as unknown as {
    readonly queryGenerator: TransactionSql;
  };
  const { isolationLevel } = transaction.options;
  const level = isolationLevel && queryGenerator.setIsolationLevelQuery(isolationLevel, { parent });
  const begin = queryGenerator.startTransactionQuery(transaction);
  const sql = [begin, ...(level ? [level] : []), reservation.sql];
  transaction.begin = () =>
    sequelize.query(sql.join(' '), {
      type: QueryTypes.RAW,
      transaction: parent ?? transaction,
    });
  await transaction.prepareEnvironment(false);
  return transaction;
}
