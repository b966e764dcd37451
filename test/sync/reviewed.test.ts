import { randomUUID } from 'node:crypto';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { startSandbox } from '../../legacy-client/sandbox';
import { connectLegacy, defineMigrator, field, LegacyModel, NotInSyncError } from '../../src';
import { DatabaseClock } from '../../src/sync/clock';
import { applyAnswer } from '../../src/sync/refresh/apply';
import { refreshScope } from '../../src/sync/refresh/scope';
import { syncedModel } from '../../src/sync/runtime';
import { noteIntents } from '../../src/sync/write/intents';
import type { Step } from '../../src/sync/write/steps';
import { Company, openCompanyWorld } from '../support/companies';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('writes that meet rows of others through the %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld(face);
  });
  beforeEach(async () => {
    await world.reset();
    await world.sequelize.query('TRUNCATE companies RESTART IDENTITY');
  });
  afterAll(() => world.close());

  /** Begin a write that meets a row which is committed only while the write waits for it. */
  const meeting = async (write: () => Promise<unknown>): Promise<unknown[]> => {
    const transaction = await world.sequelize.transaction();
    await Company.create({ title: 'First', number: '1' }, { transaction });
    const second = write();
    await rest(500);
    await transaction.commit();
    await second;
    const here = await Company.findAll({ skipLegacy: true });
    const there = await world.sandbox.records('account');
    return [here.map(({ title }) => title), there.map(({ Name }) => Name)];
  };

  // A row that was committed between the look and the INSERT is updated here, and never sent.
  it('send an upsert that meets a row inserted meanwhile', async () => {
    const write = (): Promise<unknown> => Company.upsert({ title: 'Second', number: '1' });
    expect(await meeting(write)).toEqual([['Second'], ['Second']]);
  });

  it('send a bulkCreate that updates a row inserted meanwhile', async () => {
    const write = (): Promise<unknown> =>
      Company.bulkCreate([{ title: 'Second', number: '1' }], { updateOnDuplicate: ['title'] });
    expect(await meeting(write)).toEqual([['Second'], ['Second']]);
  });

  // The rows are found here alone, although the condition is one on mapped columns.
  it('update a column of this side in the rows that match in the CRM', async () => {
    const row = await Company.create({ title: 'A', size: 4 });
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { NumberOfEmployees: 5 });
    await Company.update({ note: 'five' }, { where: { size: 5 } });
    expect((await Company.findByPk(row.id))?.note).toBe('five');
  });
});

describe('an increment after another write of its transaction', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld('dataverse');
  });
  afterAll(() => world.close());

  // The transaction's own intent was taken for somebody else's: the row was not brought up to date.
  it('is made on what a CRM user has written in between', async () => {
    const row = await Company.create({ title: 'A', size: 4 });
    await world.sequelize.transaction(async (transaction) => {
      await row.update({ size: 10 }, { transaction });
      await world.sandbox.editAsLegacyUser('account', String(row.legacyId), {
        NumberOfEmployees: 20,
      });
      await Company.increment('size', { by: 1, where: { id: row.id }, transaction });
    });
    const [there] = await world.sandbox.records('account');
    expect(there?.NumberOfEmployees).toBe(21);
    expect((await Company.findByPk(row.id, { skipLegacy: true }))?.size).toBe(21);
  });
});

describe('an increment that is repeated', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openCompanyWorld('dataverse');
  });
  afterAll(() => world.close());

  // What says that a transaction has committed was left behind for the refused request.
  it('leaves nothing noted', async () => {
    const rows = await Company.bulkCreate([
      { title: 'A', size: 4 },
      { title: 'B', size: 4 },
    ]);
    await world.sandbox.failNext({ method: 'PATCH', status: 412, key: String(rows[1]?.legacyId) });
    await Company.increment('size', { by: 1, where: { size: 4 } });
    const there = await world.sandbox.records('account');
    expect(there.map(({ NumberOfEmployees }) => NumberOfEmployees)).toEqual([5, 5]);
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await rest(300);
    await world.dualWrite.recover();
    const [done] = await world.sequelize.query('SELECT * FROM dual_write_done');
    expect(done).toEqual([]);
  });
});

describe('rows that only this side has', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({
      remap: (migrators) =>
        migrators.map(({ model, definition }) =>
          defineMigrator(model, { ...definition, onRejected: 'skip' }),
        ),
    });
  });
  afterAll(() => world.close());

  // `legacy_id NOT IN (...)` is never true of them.
  it('are not left out with those whose records cannot be kept', async () => {
    const { Organisation } = world.models;
    await world.sequelize.query('ALTER TABLE organisations ALTER name TYPE varchar(5)');
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'Too long' }]);
    await Organisation.create({ name: 'Here' }, { skipLegacy: true });
    await expect(Organisation.findAll()).rejects.toThrow(NotInSyncError);
  });
});

describe('reads that were thought through again', () => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld();
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const account = async (more: object = {}): Promise<string> => {
    const AccountId = randomUUID();
    await world.sandbox.load('account', [{ AccountId, Name: 'A', ...more }]);
    return AccountId;
  };

  // Without a stamp no answer was ever older than another.
  it('store no answer over a later one where the service has no stamps', async () => {
    const { runtime, mapping } = syncedModel('Organisation', world.sequelize);
    const key = await account();
    const record = await runtime.client.get(mapping.entity, key);
    const store = async (Name: string, askedAt: Date): Promise<unknown> => {
      const values = { ...record.values, Name };
      const records = [{ ...record, values, modifiedOn: null, version: null }];
      return applyAnswer(refreshScope(runtime), { mapping, records, askedAt });
    };
    const earlier = await runtime.clock.now();
    await rest(50);
    const later = await runtime.clock.now();
    await store('Later', later);
    await store('Earlier', earlier);
    const rows = await world.models.Organisation.findAll({ freshness: 'local' });
    expect(rows.map(({ name }) => name)).toEqual(['Later']);
    await store('Last', await runtime.clock.now());
    await rows[0]?.reload({ skipLegacy: true });
    expect(rows[0]?.name).toBe('Last');
  });

  // A row that is gone there, and is not shown, hides another one: only shown rows are checked.
  it('find a row that only a row of an include that is gone kept away', async () => {
    const { Organisation } = world.models;
    const key = await account();
    const ContactId = randomUUID();
    await world.sandbox.load('contact', [{ ContactId, LastName: 'Gone', ParentCustomerId: key }]);
    const [row] = await Organisation.findAll({ include: ['contacts'] });
    expect(row?.contacts).toHaveLength(1);
    await world.sandbox.deleteAsLegacyUser('contact', ContactId);
    const childless = await Organisation.findAll({
      include: ['contacts'],
      where: { '$contacts.id$': null } as never,
    });
    expect(childless).toHaveLength(1);
  });

  // The comparison sees what is committed, the answer what the transaction has changed.
  it('refuse a row that a skipped write of the same transaction keeps away', async () => {
    const { Organisation } = world.models;
    await account({ NumberOfEmployees: 5 });
    await Organisation.findAll();
    await world.sequelize.transaction(async (transaction) => {
      const options = { where: { employees: 5 }, transaction };
      await Organisation.update({ employees: 6 }, { ...options, skipLegacy: true });
      await expect(Organisation.findAll(options)).rejects.toThrow(NotInSyncError);
    });
  });
});

type Loose = Model & Record<string, unknown> & { legacyId: string };

interface Opened {
  readonly Company: ModelStatic<Loose>;
  readonly sequelize: Sequelize;
  close(): Promise<void>;
}

describe('tables and databases of other kinds', () => {
  let database: TestDatabase;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;

  beforeEach(async () => {
    database = await createTestDatabase();
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    await sandbox.close();
    await database.drop();
  });

  const join = async (sequelize: Sequelize): Promise<Opened> => {
    class Tagged extends LegacyModel {}
    Tagged.init(
      {
        code: { type: DataTypes.TEXT, primaryKey: true },
        size: DataTypes.INTEGER,
      },
      { sequelize, tableName: 'tagged' },
    );
    const migrator = defineMigrator(Tagged, {
      entitySet: 'AccountSet',
      key: 'AccountId',
      logicalName: 'account',
      fields: { code: field.string('Name'), size: field.integer('NumberOfEmployees') },
    });
    await Tagged.sync();
    const client = createLegacyClient({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const dualWrite = await connectLegacy(sequelize, { client, migrators: [migrator] });
    await dualWrite.prepare();
    return {
      Company: Tagged as unknown as ModelStatic<Loose>,
      sequelize,
      close: async () => {
        await dualWrite.close();
        client.close();
        await sequelize.close();
      },
    };
  };

  // Primary keys were compared without case, whatever they are.
  it('tell text keys apart that differ in case', async () => {
    const { Company: Tagged, close } = await join(openSequelize(database));
    try {
      await Tagged.bulkCreate([
        { code: 'A', size: 1 },
        { code: 'a', size: 10 },
      ] as never);
      await Tagged.increment('size' as never, { where: { code: ['A', 'a'] } });
      const there = (await sandbox.records('account')).map((one) => [
        one.Name,
        one.NumberOfEmployees,
      ]);
      expect(there.sort()).toEqual([
        ['A', 2],
        ['a', 11],
      ]);
    } finally {
      await close();
    }
  });

  // NOTE: a replica lags behind; here it has nothing at all but the tables.
  it('answer from the primary where there are replicas', async () => {
    await (await join(openSequelize(database))).close();
    const replica = await createTestDatabase(database);
    const { hostname: host, port, username, password } = new URL(database.url);
    const replication = {
      read: [{ host, port, username, password, database: replica.name }],
      write: { host, port, username, password, database: database.name },
    };
    const opened = await join(openSequelize(database, { replication }));
    try {
      await sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);
      expect(await opened.Company.findAll()).toHaveLength(1);
      await sandbox.load('account', [{ AccountId: randomUUID(), Name: 'B' }]);
      expect(await opened.Company.findAll()).toHaveLength(2);
      expect(await opened.Company.findAll({ attributes: ['size'] })).toHaveLength(2);
      expect(await opened.Company.max('code')).toBe('B');
    } finally {
      await opened.close();
      await replica.drop();
    }
  });

  // An advisory lock for each record: PostgreSQL's table of locks has some thousands for all.
  it('note the intents of a long bulk call', async () => {
    const opened = await join(openSequelize(database));
    try {
      const { runtime, mapping } = syncedModel('Tagged', opened.sequelize);
      const steps = Array.from({ length: 30_000 }, (_, index): Step => ({
        operation: 'create',
        intentId: String(index + 1),
        mapping,
        id: index,
        key: randomUUID(),
        savepoints: new Set(),
        sent: {},
        after: undefined,
        isOver: false,
      }));
      await opened.sequelize.transaction(async (transaction) => {
        await noteIntents(runtime, transaction, { unit: randomUUID(), first: 0, steps });
      });
    } finally {
      await opened.close();
    }
  });
});

describe("the database's clock", () => {
  // One look while the process was busy had set it wrong by half of that, for a minute.
  it('is taken from the quickest of a few looks, whoever asks at once', async () => {
    let looks = 0;
    const query = async (): Promise<{ now: Date }[]> => {
      looks += 1;
      const now = new Date();
      if (looks === 1) await rest(400);
      return [{ now }];
    };
    const clock = new DatabaseClock({ query } as never);
    const [now] = await Promise.all([clock.now(), clock.now()]);
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(100);
    expect(looks).toBeLessThanOrEqual(3);
  });
});
