import {
  type CreationOptional,
  DataTypes,
  type HasManyGetAssociationsMixin,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Sequelize,
} from 'sequelize';
import { ApplicationModel } from './base';
import type { Organisation } from './organisation';

/** A line of business. */
export class Sector extends ApplicationModel<
  InferAttributes<Sector>,
  InferCreationAttributes<Sector>
> {
  declare id: CreationOptional<number>;
  declare name: string;

  declare organisations?: NonAttribute<Organisation[]>;
  declare getOrganisations: HasManyGetAssociationsMixin<Organisation>;
}

/** Bind the model to its table. */
export function initSector(sequelize: Sequelize): void {
  Sector.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      name: { type: DataTypes.STRING(200), allowNull: false },
    },
    { sequelize, tableName: 'sectors', underscored: true },
  );
}
