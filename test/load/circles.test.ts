import { randomUUID } from 'node:crypto';
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  QueryTypes,
  type Sequelize,
} from 'sequelize';
import { createLegacyClient, type LegacyClient } from '../../legacy-client';
import { startSandbox, type Sandbox } from '../../legacy-client/sandbox';
import { connectLegacy, defineMigrator, field, LegacyModel, type DualWrite } from '../../src';
import { backfill, planBackfill, verify } from '../../src/load';
import { createTestDatabase, openSequelize, type TestDatabase } from '../support/database';
import type { Face } from '../support/dual-world';

class Ship extends LegacyModel<InferAttributes<Ship>, InferCreationAttributes<Ship>> {
  declare id: CreationOptional<number>;
  declare name: CreationOptional<string | null>;
  declare captainId: number;
}

class Captain extends LegacyModel<InferAttributes<Captain>, InferCreationAttributes<Captain>> {
  declare id: CreationOptional<number>;
  declare name: CreationOptional<string | null>;
  /** The ship that the captain began on. */
  declare firstShipId: CreationOptional<number | null>;
}

function initModels(sequelize: Sequelize): void {
  const id = { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true } as const;
  const options = { sequelize, underscored: true };
  Captain.init(
    { id, name: DataTypes.STRING, firstShipId: DataTypes.INTEGER },
    { ...options, tableName: 'captains' },
  );
  // Both in a circle, and never without its captain.
  Ship.init(
    { id, name: DataTypes.STRING, captainId: { type: DataTypes.INTEGER, allowNull: false } },
    { ...options, tableName: 'ships' },
  );
}

const text = { name: 'new_name', kind: 'string' } as const;
const entities = [
  {
    ...{ logicalName: 'new_ship', schemaName: 'new_ship', collectionName: 'new_ships' },
    key: 'new_shipId',
    properties: [
      text,
      { name: 'new_Captain', kind: 'lookup', target: 'new_captain', onDelete: 'restrict' },
    ],
  },
  {
    ...{ logicalName: 'new_captain', schemaName: 'new_captain', collectionName: 'new_captains' },
    key: 'new_captainId',
    properties: [
      text,
      { name: 'new_FirstShip', kind: 'lookup', target: 'new_ship', onDelete: 'removeLink' },
    ],
  },
] as const;

describe.each<Face>(['dynamics2011', 'dataverse'])('models in a circle, %s', (face) => {
  let database: TestDatabase;
  let sequelize: Sequelize;
  let sandbox: Sandbox;
  let client: LegacyClient;
  let dualWrite: DualWrite;

  beforeAll(async () => {
    database = await createTestDatabase();
    sequelize = openSequelize(database);
    initModels(sequelize);
    await sequelize.sync();
    await sequelize.query(
      `ALTER TABLE ships ADD FOREIGN KEY (captain_id) REFERENCES captains;
       ALTER TABLE captains ADD FOREIGN KEY (first_ship_id) REFERENCES ships`,
    );
    sandbox = await startSandbox({ schema: entities });
    const isDataverse = face === 'dataverse';
    const baseUrl = isDataverse ? sandbox.urlDataverse : sandbox.url2011;
    client = createLegacyClient({ baseUrl, dialect: face, timeoutMs: 20_000 });
    const set = (name: string): string => (isDataverse ? `${name}s` : `${name}Set`);
    const name = (property: string): string => (isDataverse ? property.toLowerCase() : property);
    const lookup = (property: string): string => property;
    dualWrite = await connectLegacy(sequelize, {
      client,
      migrators: [
        defineMigrator(Ship, {
          ...{ entitySet: set('new_ship'), key: name('new_shipId'), logicalName: 'new_ship' },
          fields: {
            name: field.string('new_name'),
            captainId: field.lookup(lookup('new_Captain'), { model: 'Captain' }),
          },
        }),
        defineMigrator(Captain, {
          ...{ entitySet: set('new_captain'), key: name('new_captainId') },
          logicalName: 'new_captain',
          fields: {
            name: field.string('new_name'),
            firstShipId: field.lookup(lookup('new_FirstShip'), { model: 'Ship' }),
          },
        }),
      ],
    });
    await dualWrite.prepare();
  }, 60_000);
  afterAll(async () => {
    await dualWrite.close();
    client.close();
    await sandbox.close();
    await sequelize.close();
    await database.drop();
  });

  it('are loaded together, and complete', async () => {
    const count = 130;
    const captains = Array.from({ length: count }, () => randomUUID() as string);
    const ships = Array.from({ length: count }, () => randomUUID() as string);
    await sandbox.load(
      'new_captain',
      captains.map((key, at) => ({ new_captainId: key, new_name: `Captain ${at}` })),
    );
    await sandbox.load(
      'new_ship',
      ships.map((key, at) => ({
        ...{ new_shipId: key, new_name: `Ship ${at}` },
        new_Captain: captains[(at * 3) % count] ?? null,
      })),
    );
    for (const [at, key] of captains.entries()) {
      const changes = { new_FirstShip: ships[(at * 7) % count] ?? null };
      await sandbox.editAsLegacyUser('new_captain', key, changes);
    }
    const plan = await planBackfill(dualWrite);
    expect(plan.map(({ level }) => level)).toEqual([0, 0]);
    const report = await backfill(dualWrite, { workers: 2 });
    expect(report.rejected).toEqual([]);
    const pairs = await sequelize.query<{ captain: string; ship: string }>(
      `SELECT c.legacy_id AS captain, s.legacy_id AS ship FROM captains c
         JOIN ships s ON s.id = c.first_ship_id`,
      { type: QueryTypes.SELECT },
    );
    expect(pairs).toHaveLength(count);
    for (const { captain, ship } of pairs) {
      expect(ship).toBe(ships[(captains.indexOf(captain) * 7) % count]);
    }
    expect(await Ship.count({ skipLegacy: true })).toBe(count);
    expect(await verify(dualWrite)).toMatchObject({ left: 0, differences: [] });
  });
});
