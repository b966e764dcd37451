import { DatabaseError, type Sequelize, type Transaction } from 'sequelize';
import { type Participant, UnitOfWork } from '../../src/model/unit-of-work';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

let database: TestDatabase;
let sequelize: Sequelize;
let log: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  sequelize = openSequelize(database);
  await sequelize.query(`
    CREATE TABLE parents (id int PRIMARY KEY);
    CREATE TABLE children (id int PRIMARY KEY,
      parent_id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)`);
});

afterAll(async () => {
  await sequelize.close();
  await database.drop();
});

beforeEach(async () => {
  log = [];
  await sequelize.query('TRUNCATE parents, children');
  // Sequelize warns on the console when COMMIT fails.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => jest.restoreAllMocks());

function enlist(transaction: Transaction, name: string, own: Participant = {}): void {
  const note = (line: string): Promise<void> => {
    log.push(`${name} ${line}`);
    return Promise.resolve();
  };
  UnitOfWork.of(transaction).enlist({}, () => ({
    flush: () => note('flush'),
    deliver: () => note('deliver'),
    rolledBackTo: () => note('rolled back to a savepoint'),
    ended: (outcome) => note(outcome).then(() => undefined),
    ...own,
  }));
}

async function parentCount(): Promise<unknown> {
  const [rows] = await sequelize.query('SELECT count(*)::int AS count FROM parents');
  return (rows as { count: number }[])[0]?.count;
}

const insertParent = (transaction: Transaction): Promise<unknown> =>
  sequelize.query('INSERT INTO parents VALUES (1)', { transaction });

const insertOrphan = (transaction: Transaction): Promise<unknown> =>
  sequelize.query('INSERT INTO children VALUES (1, 2)', { transaction });

function afterwards(error: Error): Participant {
  const fail = (): Promise<never> => Promise.reject(error);
  return { ended: fail };
}

it('flushes all, then delivers all, then tells the end', async () => {
  await sequelize.transaction(async (transaction) => {
    enlist(transaction, 'first');
    enlist(transaction, 'second');
    await insertParent(transaction);
  });
  expect(log).toEqual([
    'first flush',
    'second flush',
    'first deliver',
    'second deliver',
    'first committed',
    'second committed',
  ]);
});

it('gives one unit, and one participant for a key, to a transaction and its savepoints', async () => {
  await sequelize.transaction(async (transaction) => {
    const unit = UnitOfWork.of(transaction);
    const key = {};
    const participant = unit.enlist(key, () => ({}));
    await sequelize.transaction({ transaction }, (savepoint) => {
      expect(UnitOfWork.of(savepoint)).toBe(unit);
      expect(unit.enlist(key, () => ({}))).toBe(participant);
      expect([...unit.openSavepoints()]).toEqual([savepoint]);
      return Promise.resolve();
    });
    expect(unit.openSavepoints().size).toBe(0);
  });
});

it('tells of a rollback, and flushes nothing', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    await insertParent(transaction);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(log).toEqual(['one rolled back']);
});

it('rolls back when a flush or a delivery fails', async () => {
  for (const step of ['flush', 'deliver'] as const) {
    log = [];
    const failing = sequelize.transaction(async (transaction) => {
      enlist(transaction, 'one', { [step]: () => Promise.reject(new Error(`no ${step}`)) });
      await insertParent(transaction);
    });
    await expect(failing).rejects.toThrow(`no ${step}`);
    expect(log.at(-1)).toBe('one rolled back');
  }
  await expect(parentCount()).resolves.toBe(0);
});

it('can only be rolled back once doomed', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    await insertParent(transaction);
    UnitOfWork.of(transaction).doom(new Error('first reason'));
    UnitOfWork.of(transaction).doom(new Error('second reason'));
  });
  await expect(failing).rejects.toThrow('first reason');
  expect(log).toEqual(['one rolled back']);
  await expect(parentCount()).resolves.toBe(0);
});

it('knows that a refused COMMIT has rolled back', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    await insertOrphan(transaction);
  });
  await expect(failing).rejects.toThrow(/violates foreign key/);
  expect(log).toEqual(['one flush', 'one deliver', 'one rolled back']);
});

it('does not know the outcome when the connection goes', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    const { connection } = transaction as unknown as { connection: { processID: number } };
    enlist(transaction, 'one', {
      deliver: async () => {
        await sequelize.query('SELECT pg_terminate_backend($1)', {
          bind: [connection.processID],
          transaction: null,
        });
      },
    });
    await insertParent(transaction);
  });
  await expect(failing).rejects.toThrow();
  expect(log).toEqual(['one flush', 'one unknown']);
});

it('knows that a failing afterCommit hook comes after the commit', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    transaction.afterCommit(() => {
      throw new Error('hook');
    });
    await insertParent(transaction);
  });
  await expect(failing).rejects.toThrow('hook');
  expect(log.at(-1)).toBe('one committed');
  await expect(parentCount()).resolves.toBe(1);
});

it('knows that COMMIT of a transaction with a failed statement rolls back', async () => {
  await sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    await insertParent(transaction);
    await expect(sequelize.query('SELECT 1 / 0', { transaction })).rejects.toThrow(DatabaseError);
    // The connection learns of the failure a packet after the error; by the next answer it has.
    await expect(sequelize.query('SELECT 1', { transaction })).rejects.toThrow(DatabaseError);
  });
  expect(log).toEqual(['one aborted']);
  await expect(parentCount()).resolves.toBe(0);
});

it('tells which savepoints are rolled back to, inner ones of a finished one too', async () => {
  await sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one');
    const outer = await sequelize.transaction({ transaction });
    const inner = await sequelize.transaction({ transaction: outer });
    await outer.commit();
    expect([...UnitOfWork.of(transaction).openSavepoints()]).toEqual([inner]);
    await insertParent(transaction);
    await inner.rollback();
    expect(log).toEqual(['one rolled back to a savepoint']);
    expect(UnitOfWork.of(transaction).openSavepoints().size).toBe(0);
  });
  await expect(parentCount()).resolves.toBe(0);
});

it('lets every participant know the end, and throws what the first could not settle', async () => {
  const failing = sequelize.transaction(async (transaction) => {
    enlist(transaction, 'one', afterwards(new Error('not undone')));
    enlist(transaction, 'two', { flush: () => Promise.reject(new Error('flush')) });
    await insertParent(transaction);
  });
  await expect(failing).rejects.toThrow('not undone');
  expect(log).toEqual(['one flush', 'two rolled back']);
});

it("leaves a second commit or rollback to Sequelize's own error", async () => {
  const transaction = await sequelize.transaction();
  enlist(transaction, 'one');
  await transaction.commit();
  await expect(transaction.commit()).rejects.toThrow(/has been finished/);
  await expect(transaction.rollback()).rejects.toThrow(/has been finished/);
  expect(log).toEqual(['one flush', 'one deliver', 'one committed']);
});

describe('savepoints within savepoints', () => {
  const insert = (id: number, transaction: Transaction): Promise<unknown> =>
    sequelize.query('INSERT INTO parents VALUES ($1)', { bind: [id], transaction });
  const ids = async (): Promise<unknown> => {
    const [rows] = await sequelize.query('SELECT id FROM parents ORDER BY id');
    return (rows as { id: number }[]).map(({ id }) => id);
  };

  /** Root, two levels, and a rollback of the outer one. */
  const nest = async (seenAt: 'root' | 'innermost' | 'never'): Promise<void> => {
    const root = await sequelize.transaction();
    if (seenAt === 'root') UnitOfWork.of(root);
    const outer = await sequelize.transaction({ transaction: root });
    await insert(1, outer);
    const inner = await sequelize.transaction({ transaction: outer });
    if (seenAt === 'innermost') UnitOfWork.of(inner);
    await insert(2, inner);
    await inner.commit();
    const sibling = await sequelize.transaction({ transaction: outer });
    await insert(3, sibling);
    await sibling.commit();
    await outer.rollback();
    await insert(4, root);
    await root.commit();
  };

  it.each(['root', 'innermost'] as const)('are rolled back to, seen at the %s', async (seenAt) => {
    await nest(seenAt);
    expect(await ids()).toEqual([4]);
  });

  it('are left as Sequelize makes them where the library sees nothing of them', async () => {
    await nest('never');
    expect(await ids()).toEqual([1, 2, 4]);
  });
});
