import {
  type BelongsToGetAssociationMixin,
  type BelongsToSetAssociationMixin,
  type CreationOptional,
  DataTypes,
  type ForeignKey,
  type HasManyCreateAssociationMixin,
  type HasManyGetAssociationsMixin,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Sequelize,
} from 'sequelize';
import { ApplicationModel } from './base';
import type { Contact } from './contact';
import type { Country } from './country';
import type { Order } from './order';
import type { Sector } from './sector';

/** A customer. */
export class Organisation extends ApplicationModel<
  InferAttributes<Organisation>,
  InferCreationAttributes<Organisation>
> {
  declare id: CreationOptional<string>;
  declare name: string;
  declare description: CreationOptional<string | null>;
  declare accountNumber: CreationOptional<string | null>;
  declare telephone: CreationOptional<string | null>;
  declare website: CreationOptional<string | null>;
  declare employees: CreationOptional<number | null>;
  /** Pounds, two decimals: `'1234567.80'`. */
  declare revenue: CreationOptional<string | null>;
  /** Four decimals: `'3.1416'`. */
  declare rating: CreationOptional<string | null>;
  declare isUk: CreationOptional<boolean | null>;
  /** `'1998-03-21'` */
  declare foundedOn: CreationOptional<string | null>;
  declare lastVerifiedAt: CreationOptional<Date | null>;
  /** 1 competitor, 3 customer, 8 prospect, 10 supplier, 12 other. */
  declare customerType: CreationOptional<number | null>;
  declare sectorId: CreationOptional<ForeignKey<Sector['id']> | null>;
  declare countryId: CreationOptional<ForeignKey<Country['id']> | null>;
  declare parentId: CreationOptional<ForeignKey<string> | null>;
  /** Kept by this application only. */
  declare newsletterOptIn: CreationOptional<boolean>;
  /** Kept by this application only. */
  declare internalNote: CreationOptional<string | null>;

  declare sector?: NonAttribute<Sector | null>;
  declare country?: NonAttribute<Country | null>;
  declare parent?: NonAttribute<Organisation | null>;
  declare branches?: NonAttribute<Organisation[]>;
  declare contacts?: NonAttribute<Contact[]>;
  declare orders?: NonAttribute<Order[]>;

  declare getSector: BelongsToGetAssociationMixin<Sector | null>;
  declare setSector: BelongsToSetAssociationMixin<Sector, number>;
  declare getCountry: BelongsToGetAssociationMixin<Country | null>;
  declare setCountry: BelongsToSetAssociationMixin<Country, number>;
  declare getParent: BelongsToGetAssociationMixin<Organisation | null>;
  declare setParent: BelongsToSetAssociationMixin<Organisation, string>;
  declare getBranches: HasManyGetAssociationsMixin<Organisation>;
  declare createBranch: HasManyCreateAssociationMixin<Organisation, 'parentId'>;
  declare getContacts: HasManyGetAssociationsMixin<Contact>;
  declare createContact: HasManyCreateAssociationMixin<Contact, 'organisationId'>;
  declare getOrders: HasManyGetAssociationsMixin<Order>;
  declare createOrder: HasManyCreateAssociationMixin<Order, 'organisationId'>;
}

/** Bind the model to its table. */
export function initOrganisation(sequelize: Sequelize): void {
  Organisation.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
      name: { type: DataTypes.STRING(160), allowNull: false },
      description: DataTypes.TEXT,
      accountNumber: DataTypes.STRING(20),
      telephone: DataTypes.STRING(50),
      website: DataTypes.STRING(200),
      employees: DataTypes.INTEGER,
      revenue: DataTypes.DECIMAL(19, 2),
      rating: DataTypes.DECIMAL(10, 4),
      isUk: DataTypes.BOOLEAN,
      foundedOn: DataTypes.DATEONLY,
      lastVerifiedAt: DataTypes.DATE,
      customerType: DataTypes.INTEGER,
      newsletterOptIn: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      internalNote: DataTypes.TEXT,
    },
    {
      sequelize,
      tableName: 'organisations',
      underscored: true,
      indexes: [
        { fields: ['sector_id'] },
        { fields: ['country_id'] },
        { fields: ['parent_id'] },
        { fields: ['name'] },
      ],
    },
  );
}
