import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { createLegacyClient, type LegacyClient } from '../../legacy-client';
import { startSandbox } from '../../legacy-client/sandbox';
import {
  connectLegacy,
  defineMigrator,
  type DualWrite,
  field,
  LegacyModel,
  SyncError,
} from '../../src';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

type Tag = Model & { code: string; size: number };

/*
 * NOTE: the replica is another database, which lacks every row, and even the library's tables: a
 * statement that reaches it is seen.
 */
describe('an application whose reads go to replicas', () => {
  let primary: TestDatabase;
  let replica: TestDatabase;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let client: LegacyClient;
  let sequelize: Sequelize;
  let dualWrite: DualWrite;
  let Tag: ModelStatic<Tag>;

  const define = (own: Sequelize): ModelStatic<Tag> => {
    class Tagged extends LegacyModel {}
    const code = { type: DataTypes.TEXT, primaryKey: true };
    Tagged.init({ code, size: DataTypes.INTEGER }, { sequelize: own, tableName: 'tagged' });
    return Tagged as unknown as ModelStatic<Tag>;
  };

  beforeAll(async () => {
    [primary, replica] = [await createTestDatabase(), await createTestDatabase()];
    const maker = openSequelize(replica);
    await define(maker).sync();
    await maker.close();
    sandbox = await startSandbox();
    const { hostname: host, port, username, password } = new URL(primary.url);
    const server = { host, port, username, password };
    sequelize = openSequelize(primary, {
      replication: {
        read: [{ ...server, database: replica.name }],
        write: { ...server, database: primary.name },
      },
    });
    Tag = define(sequelize);
    await Tag.sync();
    client = createLegacyClient({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const fields = { code: field.string('Name'), size: field.integer('NumberOfEmployees') };
    const migrator = defineMigrator(Tag as never, {
      entitySet: 'AccountSet',
      key: 'AccountId',
      logicalName: 'account',
      fields: fields,
    });
    dualWrite = await connectLegacy(sequelize, { client, migrators: [migrator] });
    await dualWrite.prepare();
  });
  afterAll(async () => {
    await dualWrite.close();
    client.close();
    await sequelize.close();
    await sandbox.close();
    await primary.drop();
    await replica.drop();
  });

  const sizes = async (): Promise<unknown[]> =>
    (await sandbox.records('account')).map((one) => [one.Name, one.NumberOfEmployees]).sort();

  it('is answered from the primary', async () => {
    await sandbox.load('account', [{ Name: 'A', NumberOfEmployees: 1 }]);
    expect((await Tag.findAll()).map(({ code }) => code)).toEqual(['A']);
    await sandbox.load('account', [{ Name: 'B', NumberOfEmployees: 2 }]);
    expect(await Tag.findAll()).toHaveLength(2);
    expect(await Tag.count()).toBe(2);
    expect(await Tag.sum('size')).toBe(3);
    expect(await Tag.findAll({ attributes: ['size'], limit: 1, offset: 1 })).toHaveLength(1);
    const options = { freshness: { maxAgeMs: 60_000 } };
    expect(await Tag.findAll(options as object)).toHaveLength(2);
  });

  it('writes to the primary, and looks at what is there', async () => {
    const row = await Tag.create({ code: 'C', size: 3 } as never);
    await row.update({ size: 4 } as never);
    await Tag.increment('size' as never, { where: { code: 'C' } });
    expect((await row.reload()).size).toBe(5);
    expect(await dualWrite.inspect('Tagged', 'C')).toMatchObject({ isLocal: true, isLegacy: true });
    expect(await sizes()).toContainEqual(['C', 5]);
    await row.destroy();
    expect(await sizes()).toHaveLength(2);
    expect((await dualWrite.status()).models[0]).toMatchObject({ rows: 2, inDoubt: 0 });
  });

  // Sequelize begins it on the replica, and what is missing there would not be noticed.
  it('is refused an exact read in a read-only transaction', async () => {
    await sequelize.transaction({ readOnly: true }, async (transaction) => {
      await expect(Tag.findAll({ transaction })).rejects.toThrow(SyncError);
      await expect(Tag.count({ transaction })).rejects.toThrow(/replica/);
    });
  });
});
