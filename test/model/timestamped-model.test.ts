import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { registeredModel, registerHistory, type Change } from '../../src/model/history';
import { type Provided, TimestampedModel } from '../../src/model/timestamped-model';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

/** A base class as the synchronisation has one. */
class Tagged<A extends object, C extends object> extends TimestampedModel<A, C> {
  declare tag: Provided<string | null>;

  static override providedColumns(): ReturnType<typeof TimestampedModel.providedColumns> {
    return { ...super.providedColumns(), tag: { type: DataTypes.TEXT, unique: true } };
  }
}

class Shop extends Tagged<InferAttributes<Shop>, InferCreationAttributes<Shop>> {
  declare id: CreationOptional<number>;
  declare name: string;
}

const own = {
  id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
  name: DataTypes.TEXT,
};

let database: TestDatabase;
let sequelize: Sequelize;

beforeAll(async () => {
  database = await createTestDatabase();
  sequelize = openSequelize(database, { define: { updatedAt: 'changed_on', underscored: true } });
  Shop.init(own, { sequelize, timestamps: false });
  await sequelize.sync();
});

afterAll(async () => {
  await sequelize.close();
  await database.drop();
});

it('adds the stamps and the columns of base classes to what init is given', async () => {
  expect(Object.keys(Shop.getAttributes())).toEqual([
    'id',
    'name',
    'tag',
    'createdAt',
    'modifiedAt',
  ]);
  const before = new Date();
  const shop = await Shop.create({ name: 'Corner' });
  expect(shop.tag).toBeNull();
  expect(shop.createdAt).toEqual(shop.modifiedAt);
  await shop.update({ name: 'Corner 2' });
  expect(shop.modifiedAt.getTime()).toBeGreaterThanOrEqual(shop.createdAt.getTime());
  expect(shop.createdAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
  const [rows] = await sequelize.query('SELECT created_at, modified_at, tag FROM shops');
  expect(rows).toHaveLength(1);
});

it('lets the compiler ask for the own attributes, and for no others', () => {
  // @ts-expect-error -- name is missing
  const incomplete: Parameters<typeof Shop.create<Shop>>[0] = { id: 1 };
  const complete: Parameters<typeof Shop.create<Shop>>[0] = { name: 'Corner', tag: 'a' };
  class Kiosk extends Tagged<InferAttributes<Kiosk>, InferCreationAttributes<Kiosk>> {
    declare id: CreationOptional<number>;
    declare name: string;
  }
  // @ts-expect-error -- name is missing
  const init = (): unknown => Kiosk.init({ id: own.id }, { sequelize });
  expect([incomplete, complete, init]).toHaveLength(3);
});

it('tells what is bookkeeping', () => {
  class Stall extends Tagged<InferAttributes<Stall>, InferCreationAttributes<Stall>> {
    declare id: CreationOptional<number>;
    declare name: string;
  }
  Stall.init(own, { sequelize, paranoid: true, deletedAt: 'closedAt', version: true });
  expect(Shop.bookkeeping()).toEqual(['createdAt', 'modifiedAt']);
  expect(Stall.bookkeeping()).toEqual(['createdAt', 'modifiedAt', 'closedAt', 'version']);
});

it('finds the registered model of a derived class', () => {
  expect(registeredModel(class extends Shop {})).toBe(Shop);
  expect(registeredModel(Shop.scope().schema('other'))).toBe(Shop);
});

it('notes in the transaction of the write, and undoes the write when noting fails', async () => {
  const noted: Change[] = [];
  let failing = false;
  const release = registerHistory(sequelize, {
    note: (transaction, change) => {
      expect(transaction).toHaveProperty('connection');
      if (failing) return Promise.reject(new Error('no room'));
      noted.push(change);
      return Promise.resolve();
    },
    versions: () => Promise.resolve([]),
    deletedVersions: () => Promise.resolve([]),
    asOf: () => Promise.resolve([]),
  });
  try {
    const shop = await Shop.create({ name: 'Bazaar' });
    await shop.versions();
    expect(noted).toEqual([{ model: Shop, kind: 'created', keys: [{ id: shop.id }] }]);
    failing = true;
    await expect(Shop.create({ name: 'Fair' })).rejects.toThrow('no room');
    await expect(shop.update({ name: 'Fair' })).rejects.toThrow('no room');
    await expect(Shop.destroy({ where: { name: 'Bazaar' } })).rejects.toThrow('no room');
  } finally {
    release();
  }
  expect(await Shop.count({ where: { name: 'Fair' } })).toBe(0);
  expect(await Shop.count({ where: { name: 'Bazaar' } })).toBe(1);
});
