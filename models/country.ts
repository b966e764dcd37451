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

/** A country of ISO 3166. */
export class Country extends ApplicationModel<
  InferAttributes<Country>,
  InferCreationAttributes<Country>
> {
  declare id: CreationOptional<number>;
  declare name: string;
  /** `GB` */
  declare isoCode: string | null;
  /** `GBR` */
  declare isoCode3: string | null;

  declare organisations?: NonAttribute<Organisation[]>;
  declare getOrganisations: HasManyGetAssociationsMixin<Organisation>;
}

/** Bind the model to its table. */
export function initCountry(sequelize: Sequelize): void {
  Country.init(
    {
      id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      name: { type: DataTypes.STRING(200), allowNull: false },
      isoCode: DataTypes.STRING(2),
      isoCode3: DataTypes.STRING(3),
    },
    {
      sequelize,
      tableName: 'countries',
      underscored: true,
      indexes: [{ fields: ['iso_code'] }],
    },
  );
}
