import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { createLegacyClient } from '../../legacy-client';
import {
  backfill,
  connectLegacy,
  defineMigrator,
  field,
  LegacyModel,
  verify,
  type DualWrite,
} from '../../src';
import { guid } from '../legacy-client/entities';
import { json, type ScriptedServer, startServer } from '../legacy-client/scripted-server';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';

class Gauge extends LegacyModel<InferAttributes<Gauge>, InferCreationAttributes<Gauge>> {
  declare id: CreationOptional<string>;
  declare name: string | null;
  declare level: string | null;
  declare read: Date | null;
  declare backupId: string | null;
}

/** `INF` is a legal double, which no decimal is; 30 February is no day at all. */
const gauges = [
  { Id: guid(1), Name: 'One', Level: 1.5, Read: '2026-01-01T00:00:00Z', Backup: null },
  { Id: guid(2), Name: 'Two', Level: 'INF', Read: null, Backup: null },
  { Id: guid(3), Name: 'Three', Level: 3, Read: '2026-02-30T00:00:00Z', Backup: null },
  { Id: guid(4), Name: 'Four', Level: 4, Read: null, Backup: guid(1) },
  { Id: guid(5), Name: 'Five', Level: 5, Read: null, Backup: guid(2) },
];

describe('records with values that cannot be read', () => {
  let database: TestDatabase;
  let sequelize: Sequelize;
  let server: ScriptedServer;
  let dualWrite: DualWrite;
  let close: () => Promise<void>;
  let records: object[];

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
    Gauge.init(
      {
        id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
        name: DataTypes.TEXT,
        level: DataTypes.DECIMAL,
        read: DataTypes.DATE,
        backupId: DataTypes.UUID,
      },
      { sequelize, tableName: 'gauges', underscored: true },
    );
    await sequelize.sync();
    server = await startServer();
    server.script = (request, response) => {
      const [, key] = /\(([^)]*)\)/.exec(request.url) ?? [];
      const found = records.find((record) => (record as { Id: string }).Id === key);
      json(response, key === undefined ? { value: records } : (found ?? {}));
    };
    const client = createLegacyClient({ baseUrl: server.root, dialect: 'odata4' });
    const migrator = defineMigrator(Gauge, {
      entitySet: 'Gauges',
      key: 'Id',
      fields: {
        name: field.text('Name'),
        level: field.decimal('Level', { type: 'Edm.Double' }),
        read: field.dateTime('Read'),
        backupId: field.lookup('Backup', { model: 'Gauge' }),
      },
    });
    dualWrite = await connectLegacy(sequelize, { client, migrators: [migrator] });
    await dualWrite.prepare();
    close = async () => {
      await dualWrite.close();
      client.close();
      await server.close();
      await sequelize.close();
      await database.drop();
    };
  });

  afterAll(() => close());

  it('are rejected with the reason, and stop no load and no comparison', async () => {
    records = gauges;
    const report = await backfill(dualWrite, { workers: 1, parts: 1 });
    expect(report.models[0]).toMatchObject({ records: 5, created: 3, rejected: 3 });
    const reasons = report.rejected.map(({ legacyId, detail }) => [legacyId, detail]);
    expect(Object.fromEntries(reasons)).toEqual({
      [guid(2)]: { reason: 'the property Level came as something that is no decimal' },
      [guid(3)]: { reason: 'the property Read came as something that is no dateTime' },
      // It is here, without its backup.
      [guid(5)]: {
        reason: `backup_id refers to ${guid(2)}, which the legacy system does not show`,
      },
    });
    const rows = await Gauge.findAll({ skipLegacy: true, order: ['name'] });
    expect(rows.map(({ name }) => name)).toEqual(['Five', 'Four', 'One']);
    const compared = await verify(dualWrite, { workers: 1, parts: 1 });
    const kinds = compared.differences.map(({ legacyId, kind }) => [legacyId, kind]);
    expect(Object.fromEntries(kinds)).toEqual({
      ...{ [guid(2)]: 'rejected', [guid(3)]: 'rejected', [guid(5)]: 'fields' },
    });
  });

  it('are loaded when they have been mended', async () => {
    records = gauges.map((gauge) => ({ ...gauge, Level: 7, Read: null }));
    const report = await backfill(dualWrite, { workers: 1, parts: 1 });
    expect(report.models[0]).toMatchObject({ records: 5, created: 2, rejected: 0 });
  });
});
