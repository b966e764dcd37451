import { createNamespace as createClsHooked, destroyNamespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import {
  createNamespace,
  currentFrame,
  type Namespace,
  runInFrame,
  transactionOf,
  useNamespace,
} from '../../src/model/context';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

const clsName = 'context-test';

afterAll(() => destroyNamespace(clsName));

describe.each<[string, () => Namespace]>([
  ['AsyncLocalStorage', createNamespace],
  ['cls-hooked', () => createClsHooked(clsName)],
])('frames on %s', (_name, create) => {
  let release: () => void;

  beforeAll(() => {
    release = useNamespace(create());
  });

  afterAll(() => release());

  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('enclose what is awaited inside, and end after it', async () => {
    const revision = { id: 'r' };
    const seen = await runInFrame({ revision }, async () => {
      await pause();
      return runInFrame({ isLocalOnly: true }, async () => {
        await pause();
        return currentFrame();
      });
    });
    expect(seen).toEqual({ isLocalOnly: true, revision });
    expect(currentFrame()).toEqual({ isLocalOnly: false });
  });

  it('do not mix when they run at once', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        runInFrame({ revision: { id: String(index) } }, async () => {
          for (let step = 0; step < index % 5; step += 1) await pause();
          return currentFrame().revision?.id;
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  });

  it('give back what is thrown', () => {
    const fail = (): never => {
      throw new Error('inside');
    };
    expect(() => runInFrame({}, fail)).toThrow('inside');
    expect(currentFrame()).toEqual({ isLocalOnly: false });
  });
});

describe('the namespace in use', () => {
  it('is one for the process, until all have released it', () => {
    const first = createNamespace();
    const release = useNamespace(first);
    const again = useNamespace();
    expect(() => useNamespace(createNamespace())).toThrow(/different namespaces/);
    release();
    release();
    expect(() => useNamespace(createNamespace())).toThrow(/different namespaces/);
    again();
    useNamespace(createNamespace())();
  });
});

describe('the transaction of a call', () => {
  let database: TestDatabase;
  let sequelize: Sequelize;

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
  });

  afterAll(async () => {
    (Sequelize as unknown as { _cls: unknown })._cls = undefined;
    await sequelize.close();
    await database.drop();
  });

  it('is the one in the options', async () => {
    const transaction = await sequelize.transaction();
    expect(transactionOf({ transaction })).toBe(transaction);
    expect(transactionOf({ transaction: null })).toBeUndefined();
    expect(transactionOf(undefined)).toBeUndefined();
    await transaction.rollback();
  });

  it.each<[string, () => Namespace]>([
    ['AsyncLocalStorage', createNamespace],
    ['cls-hooked', () => createClsHooked(clsName)],
  ])("otherwise the one in Sequelize's namespace on %s", async (_name, create) => {
    Sequelize.useCLS(create());
    await sequelize.transaction(async (transaction) => {
      await Promise.resolve();
      expect(transactionOf({})).toBe(transaction);
      expect(transactionOf({ transaction: null })).toBeUndefined();
    });
    expect(transactionOf({})).toBeUndefined();
  });
});
