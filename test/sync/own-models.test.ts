import { randomUUID } from 'node:crypto';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { connectLegacy, defineMigrator, field, LegacyModel, type DualWrite } from '../../src';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

type Loose = Model & Record<string, unknown> & { legacyId: string };

describe('models with habits of their own', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let written: Record<string, unknown>[];
  const open: { sequelize: Sequelize; dualWrite: DualWrite }[] = [];

  interface Opened {
    readonly sequelize: Sequelize;
    readonly dualWrite: DualWrite;
    readonly Company: ModelStatic<Loose>;
  }

  /** Models of their own in each instance: two of them are two processes. */
  const join = async (): Promise<Opened> => {
    const sequelize = openSequelize(database);
    class Company extends LegacyModel {}
    Company.init(
      {
        id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
        title: {
          type: DataTypes.STRING(100),
          allowNull: false,
          field: 'the_title',
          validate: { notEmpty: true },
        },
        tags: DataTypes.ARRAY(DataTypes.TEXT),
        size: { type: DataTypes.ENUM('small', 'large') },
        revenue: DataTypes.DECIMAL(19, 4),
        verifiedAt: DataTypes.DATE,
        note: DataTypes.TEXT,
        phone: DataTypes.TEXT,
      },
      {
        sequelize,
        tableName: 'companies',
        paranoid: true,
        hooks: {
          beforeSave: (company) => {
            const title = company.get('title') as string;
            if (title.endsWith('!')) company.set('title', title.slice(0, -1));
          },
        },
      },
    );
    const migrator = defineMigrator(Company, {
      entitySet: 'AccountSet',
      key: 'AccountId',
      logicalName: 'account',
      properties: { WebSiteURL: 'string' },
      fields: {
        title: field.string('Name'),
        tags: field.custom({
          property: 'Description',
          kind: 'string',
          toLegacy: (tags) => (tags as string[]).join(','),
          fromLegacy: (text) => String(text).split(','),
        }),
        size: field.optionSet('CustomerTypeCode', { small: 1, large: 2 }),
        revenue: field.money('Revenue'),
        verifiedAt: field.dateTime('optevia_LastVerified'),
        phone: field.string('Telephone1'),
      },
      toLegacy: (values) => ({ ...values, WebSiteURL: 'https://example.invalid/' }),
      fromLegacy: (record) => ({ note: `site ${String(record.values.WebSiteURL)}` }),
    });
    await sequelize.sync();
    const client = createLegacyClient({ baseUrl: sandbox.url2011, dialect: 'dynamics2011' });
    const dualWrite = await connectLegacy(sequelize, { client, migrators: [migrator] });
    await dualWrite.prepare();
    open.push({ sequelize, dualWrite });
    return { sequelize, dualWrite, Company: Company as never };
  };
  let world: Opened;

  beforeAll(async () => {
    database = await createTestDatabase();
    written = [];
    sandbox = await startSandbox({
      onWrite: (_name, values) => {
        written.push({ ...values });
        const phone = values.Telephone1;
        return typeof phone === 'string' ? { ...values, Telephone1: phone.trim() } : values;
      },
    });
    world = await join();
  });
  beforeEach(async () => {
    await sandbox.reset();
    await world.sequelize.query('TRUNCATE companies, dual_write_known, dual_write_rejected');
  });
  afterAll(async () => {
    for (const { sequelize, dualWrite } of open.reverse()) {
      await dualWrite.close();
      await sequelize.close();
    }
    await sandbox.close();
    await database.drop();
  });

  const record = async (): Promise<Record<string, unknown>> => {
    const [only, ...more] = await sandbox.records('account');
    expect(more).toEqual([]);
    return only ?? {};
  };

  it('takes what hooks, plug-ins and conversions make of the values', async () => {
    const { Company } = world;
    const row = await Company.create({
      title: 'Fictional Foundry!',
      tags: ['a', 'b'],
      size: 'large',
      revenue: '12.3456',
      verifiedAt: new Date('2026-01-01T10:00:00.789Z'),
      phone: '  123 ',
    });
    expect(await record()).toMatchObject({
      Name: 'Fictional Foundry',
      Description: 'a,b',
      CustomerTypeCode: 2,
      Telephone1: '123',
      WebSiteURL: 'https://example.invalid/',
    });
    expect(row.get()).toMatchObject({
      title: 'Fictional Foundry',
      tags: ['a', 'b'],
      size: 'large',
      revenue: '12.3500',
      verifiedAt: new Date('2026-01-01T10:00:00Z'),
      phone: '123',
      note: 'site https://example.invalid/',
    });
    const stored = await Company.findByPk(row.get('id') as string, { skipLegacy: true });
    const given = stored?.get({ plain: true });
    expect(given).toEqual(row.get({ plain: true }));
    const again = await Company.findOne({ where: { size: 'large' } });
    expect(again?.get('title')).toBe('Fictional Foundry');
    await row.update({ tags: ['c'] });
    expect((await record()).Description).toBe('c');
    await row.update({ title: 'Renamed!' });
    expect((await record()).Name).toBe('Renamed');
    await expect(row.update({ title: '' })).rejects.toThrow(/notEmpty/);
    expect((await record()).Name).toBe('Renamed');
  });

  it('destroys and restores paranoid rows on both sides, or refuses to', async () => {
    const { Company } = world;
    const row = await Company.create({ title: 'Soft' });
    await row.destroy();
    expect(await sandbox.records('account')).toEqual([]);
    expect(await Company.findAll()).toEqual([]);
    const deleted = await Company.findByPk(row.get('id') as string, {
      paranoid: false,
      skipLegacy: true,
    });
    expect(deleted?.get('deletedAt')).toBeInstanceOf(Date);
    const outcome = await deleted?.restore().catch((error: unknown) => error);
    const here = await Company.count({ skipLegacy: true });
    expect((await sandbox.records('account')).length).toBe(here);
    if (!(outcome instanceof Error)) expect(await Company.findAll()).toHaveLength(1);
  });

  it('marks paranoid rows whose record is gone, and brings them back with it', async () => {
    const { Company } = world;
    const key = randomUUID();
    await sandbox.load('account', [{ AccountId: key, Name: 'Soft' }]);
    const [row] = await Company.findAll();
    await sandbox.deleteAsLegacyUser('account', key);
    expect(await Company.findAll()).toEqual([]);
    expect(await Company.count({ paranoid: false, skipLegacy: true } as never)).toBe(1);
    expect(await Company.findAll()).toEqual([]);
    const shown = await Company.findAll({ paranoid: false });
    expect(shown.length).toBeLessThanOrEqual(1);
    await sandbox.createAsLegacyUser('account', { AccountId: key, Name: 'Again' });
    const [again] = await Company.findAll();
    expect([again?.get('id'), again?.get('title')]).toEqual([row?.get('id'), 'Again']);
  });

  it('serves two processes that fetch the same new rows at once', async () => {
    const second = await join();
    for (let round = 0; round < 5; round += 1) {
      await sandbox.load(
        'account',
        Array.from({ length: 60 }, (_, index) => ({
          AccountId: randomUUID(),
          Name: `Fictional ${round} ${index}`,
        })),
      );
      const counts = await Promise.all([
        world.Company.findAll(),
        second.Company.findAll(),
        world.Company.findAll({ where: { phone: null } }),
        second.Company.count(),
      ]);
      const sizes = counts.map((one) => (Array.isArray(one) ? one.length : one));
      expect(sizes).toEqual([60, 60, 60, 60].map((size) => size * (round + 1)));
    }
    const [{ versions }] = (await world.sequelize
      .query('SELECT count(*)::int AS versions FROM record_versions')
      .then(([rows]) => rows)) as [{ versions: number }];
    expect(versions).toBeGreaterThan(0);
    const instance = (await world.Company.findAll({ limit: 1 }))[0];
    await instance?.update({ title: 'By the first' });
    const theirs = await second.Company.findOne({ where: { legacyId: instance?.legacyId } });
    expect(theirs?.get('title')).toBe('By the first');
    await theirs?.destroy();
    expect(await world.Company.findByPk(instance?.get('id') as string)).toBeNull();
  });

  it('never answers stale, however many processes read', async () => {
    const [, secondProcess] = open;
    expect(secondProcess).toBeDefined();
    const models = [world.Company, secondProcess?.sequelize.models.Company as typeof world.Company];
    const key = randomUUID();
    await sandbox.load('account', [{ AccountId: key, Name: 'Fictional', Revenue: '0.00' }]);
    let amount = 0;
    let isOver = false;
    const stale: string[] = [];
    const editing = (async () => {
      while (amount < 60) {
        await sandbox.editAsLegacyUser('account', key, { Revenue: `${amount + 1}.00` });
        amount += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      isOver = true;
    })();
    const reading = models.map(async (model) => {
      while (!isOver) {
        const least = amount;
        const row = await model.findOne({ where: { legacyId: key } });
        if (Number(row?.get('revenue')) < least)
          stale.push(`${String(row?.get('revenue'))} < ${least}`);
      }
    });
    await Promise.all([editing, ...reading]);
    expect(stale).toEqual([]);
  });
});
