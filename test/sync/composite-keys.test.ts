import { DataTypes } from 'sequelize';
import { connectLegacy, defineMigrator, field, LegacyModel, MappingError } from '../../src';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

class Membership extends LegacyModel {}

describe('a mapped model without a primary key of one column', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is refused when the legacy system is connected', async () => {
    const sequelize = openSequelize(database);
    try {
      Membership.init(
        {
          personId: { type: DataTypes.INTEGER, primaryKey: true },
          groupId: { type: DataTypes.INTEGER, primaryKey: true },
          role: DataTypes.TEXT,
        },
        { sequelize, tableName: 'memberships' },
      );
      const migrator = defineMigrator(Membership, {
        entitySet: 'MembershipSet',
        key: 'MembershipId',
        fields: { role: field.string('Role') },
      });
      const client = { dialect: {} } as never;
      const work = connectLegacy(sequelize, { client, migrators: [migrator] });
      await expect(work).rejects.toThrow(MappingError);
      await expect(work).rejects.toThrow('primary key of one column');
    } finally {
      await sequelize.close();
    }
  });
});
