import { QueryTypes, Transaction, type Sequelize } from 'sequelize';
import { beginReserved, Reservation } from '../../../src/sync/write/reservation';
import {
  createTestDatabase,
  openSequelize,
  recordStatements,
  type TestDatabase,
} from '../../support/database';

describe('a reservation', () => {
  let database: TestDatabase;
  let sequelize: Sequelize;

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
    await sequelize.query('CREATE TABLE dual_write_done (intent_id bigint PRIMARY KEY)');
  });
  afterAll(async () => {
    await sequelize.close();
    await database.drop();
  });

  const valueOf = async (sql: string, transaction: Transaction | null = null): Promise<unknown> => {
    const [row] = await sequelize.query<object>(sql, { type: QueryTypes.SELECT, transaction });
    return Object.values(row ?? {})[0];
  };
  /** As everybody else sees it. */
  const isFree = (lockId: string): Promise<unknown> =>
    valueOf(`SELECT pg_try_advisory_xact_lock(${lockId})`);
  const isDone = (intentId: string, transaction?: Transaction): Promise<unknown> =>
    valueOf(
      `SELECT EXISTS (SELECT FROM dual_write_done WHERE intent_id = ${intentId})`,
      transaction,
    );

  it('begins a transaction with its lock and its done row, by one message', async () => {
    const reservation = new Reservation();
    const { intentId, lockId } = reservation;
    const statements = await recordStatements(sequelize, async () => {
      const transaction = await beginReserved(sequelize, null, reservation);
      expect(await isFree(lockId)).toBe(false);
      expect([await isDone(intentId, transaction), await isDone(intentId)]).toEqual([true, false]);
      await transaction.commit();
    });
    expect(statements[0]).toContain('START TRANSACTION; WITH done');
    expect([await isFree(lockId), await isDone(intentId)]).toEqual([true, true]);
  });

  it('goes with its savepoint', async () => {
    const reservation = new Reservation();
    const { intentId, lockId } = reservation;
    const transaction = await sequelize.transaction();
    const savepoint = await beginReserved(sequelize, transaction, reservation);
    expect([await isFree(lockId), await isDone(intentId, transaction)]).toEqual([false, true]);
    await savepoint.rollback();
    expect([await isFree(lockId), await isDone(intentId, transaction)]).toEqual([true, false]);
    await transaction.commit();
    expect(await isDone(intentId)).toBe(false);
  });

  it('leaves a transaction the isolation level that Sequelize was told', async () => {
    const options = sequelize as unknown as { options: { isolationLevel?: string } };
    options.options.isolationLevel = Transaction.ISOLATION_LEVELS.SERIALIZABLE;
    const transaction = await beginReserved(sequelize, null, new Reservation());
    delete options.options.isolationLevel;
    expect(await valueOf('SHOW transaction_isolation', transaction)).toBe('serializable');
    await transaction.rollback();
  });

  it('releases the connection when it cannot begin', async () => {
    await sequelize.query('ALTER TABLE dual_write_done RENAME TO elsewhere');
    for (let time = 0; time < 10; time += 1) {
      await expect(beginReserved(sequelize, null, new Reservation())).rejects.toThrow('dual_write');
    }
    await sequelize.query('ALTER TABLE elsewhere RENAME TO dual_write_done');
    const transaction = await beginReserved(sequelize, null, new Reservation());
    await transaction.rollback();
  });

  it('is taken once', () => {
    const reservation = new Reservation();
    expect([reservation.take(), reservation.take()]).toEqual([true, false]);
  });
});
