import { DataTypes, type Sequelize } from 'sequelize';
import {
  countStatements,
  createTestDatabase,
  openSequelize,
  recordStatements,
  statementsOf,
  type TestDatabase,
} from './database';

describe('a test database', () => {
  let database: TestDatabase;
  let sequelize: Sequelize;

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
  });

  afterAll(async () => {
    await sequelize.close();
    await database.drop();
  });

  it('runs what Sequelize sends, and notes it', async () => {
    const Pet = sequelize.define('Pet', { name: DataTypes.TEXT });
    await Pet.sync();
    const statements = await recordStatements(sequelize, () => Pet.create({ name: 'Żółw' }));
    expect(statements).toEqual([expect.stringMatching(/^INSERT INTO "Pets"/)]);
    await expect(countStatements(sequelize, () => Pet.findAll())).resolves.toBe(1);
    await expect(Pet.findOne().then((pet) => pet?.get('name'))).resolves.toBe('Żółw');
  });

  it('notes statements within a transaction without its number', async () => {
    const statements = await recordStatements(sequelize, () =>
      sequelize.transaction((transaction) => sequelize.query('SELECT 1', { transaction })),
    );
    expect(statements).toContain('SELECT 1');
    expect(statementsOf(sequelize)).toEqual(expect.arrayContaining(statements));
  });

  it('can be the copy of another', async () => {
    const original = await createTestDatabase();
    const first = openSequelize(original);
    await first.query('CREATE TABLE marks (name text)');
    await first.close();
    const copy = await createTestDatabase(original);
    const second = openSequelize(copy);
    await expect(second.query('SELECT name FROM marks')).resolves.toEqual([[], expect.anything()]);
    await second.close();
    await Promise.all([copy.drop(), original.drop()]);
  });
});
