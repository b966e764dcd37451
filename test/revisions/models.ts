import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import { type Provided, TimestampedModel } from '../../src/model/timestamped-model';

/** A model with one of each kind of column that a snapshot must not spoil. */
export class Ship extends TimestampedModel<InferAttributes<Ship>, InferCreationAttributes<Ship>> {
  declare id: CreationOptional<string>;
  declare name: string;
  declare crew: CreationOptional<number | null>;
  declare tonnage: CreationOptional<string | null>;
  declare serial: CreationOptional<string | null>;
  declare launchedOn: CreationOptional<string | null>;
  declare lastSeenAt: CreationOptional<Date | null>;
  declare papers: CreationOptional<object | null>;
  declare flags: CreationOptional<string[] | null>;
  declare weights: CreationOptional<string[] | null>;
  declare sightings: CreationOptional<Date[] | null>;
  declare photo: CreationOptional<Buffer | null>;
  declare season: CreationOptional<object | null>;
  declare cargo: CreationOptional<object | null>;
  declare ownerId: CreationOptional<string | null>;
}

/** A paranoid model with a number for a key, a column of another name, and a base's own column. */
export class Sailor extends TimestampedModel<
  InferAttributes<Sailor>,
  InferCreationAttributes<Sailor>
> {
  declare id: CreationOptional<number>;
  declare fullName: string;
  declare badge: Provided<string | null>;
  declare deletedAt: CreationOptional<Date | null>;

  static override providedColumns(): { badge: typeof DataTypes.TEXT } {
    return { badge: DataTypes.TEXT };
  }

  static override bookkeeping(): readonly string[] {
    return [...super.bookkeeping(), 'badge'];
  }

  static override restoredValues(
    snapshot: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    return { badge: snapshot.badge };
  }
}

/** A model whose key has two columns. */
export class Berth extends TimestampedModel<
  InferAttributes<Berth>,
  InferCreationAttributes<Berth>
> {
  declare shipId: string;
  declare sailorId: number;
  declare deck: CreationOptional<number>;
}

/** Define the models, without their tables. */
export function initModels(sequelize: Sequelize): void {
  Ship.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 },
      name: { type: DataTypes.STRING(60), allowNull: false, unique: true },
      crew: DataTypes.INTEGER,
      tonnage: DataTypes.DECIMAL(30, 12),
      serial: DataTypes.BIGINT,
      launchedOn: DataTypes.DATEONLY,
      lastSeenAt: DataTypes.DATE,
      papers: DataTypes.JSONB,
      flags: DataTypes.ARRAY(DataTypes.TEXT),
      weights: DataTypes.ARRAY(DataTypes.DECIMAL(30, 12)),
      sightings: DataTypes.ARRAY(DataTypes.DATE),
      photo: DataTypes.BLOB,
      season: DataTypes.RANGE(DataTypes.DATE),
      cargo: DataTypes.RANGE(DataTypes.DECIMAL),
      ownerId: DataTypes.UUID,
    },
    { sequelize, tableName: 'ships', underscored: true },
  );
  Sailor.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      fullName: { type: DataTypes.TEXT, allowNull: false, field: 'full "name"' },
      deletedAt: DataTypes.DATE,
    },
    { sequelize, tableName: 'sailors', paranoid: true },
  );
  Berth.init(
    {
      shipId: { type: DataTypes.UUID, primaryKey: true, field: 'ship_id' },
      sailorId: { type: DataTypes.INTEGER, primaryKey: true, field: 'sailor_id' },
      deck: { type: DataTypes.INTEGER, defaultValue: 1 },
    },
    { sequelize, tableName: 'berths' },
  );
  Ship.belongsToMany(Sailor, { through: Berth, foreignKey: 'shipId', otherKey: 'sailorId' });
  Ship.hasMany(Berth, { foreignKey: 'shipId' });
  Berth.belongsTo(Ship, { foreignKey: 'shipId' });
}
