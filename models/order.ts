import {
  type BelongsToGetAssociationMixin,
  type BelongsToManyAddAssociationMixin,
  type BelongsToManyAddAssociationsMixin,
  type BelongsToManyGetAssociationsMixin,
  type BelongsToManyRemoveAssociationMixin,
  type CreationOptional,
  DataTypes,
  type ForeignKey,
  type InferAttributes,
  type InferCreationAttributes,
  type NonAttribute,
  type Sequelize,
} from 'sequelize';
import { ApplicationModel } from './base';
import type { Contact } from './contact';
import type { Organisation } from './organisation';

/** What an organisation has ordered. */
export class Order extends ApplicationModel<
  InferAttributes<Order>,
  InferCreationAttributes<Order>
> {
  declare id: CreationOptional<string>;
  declare name: CreationOptional<string | null>;
  declare orderNumber: string;
  /** Pounds, two decimals: `'199.00'`. */
  declare totalAmount: CreationOptional<string | null>;
  declare submittedAt: CreationOptional<Date | null>;
  /** 1 new, 2 pending, 3 in progress, 4 cancelled, 100001 complete. */
  declare status: CreationOptional<number | null>;
  declare organisationId: CreationOptional<ForeignKey<Organisation['id']> | null>;

  declare organisation?: NonAttribute<Organisation | null>;
  declare contacts?: NonAttribute<Contact[]>;

  declare getOrganisation: BelongsToGetAssociationMixin<Organisation | null>;
  declare getContacts: BelongsToManyGetAssociationsMixin<Contact>;
  declare addContact: BelongsToManyAddAssociationMixin<Contact, string>;
  declare addContacts: BelongsToManyAddAssociationsMixin<Contact, string>;
  declare removeContact: BelongsToManyRemoveAssociationMixin<Contact, string>;
}

/** Bind the model to its table. */
export function initOrder(sequelize: Sequelize): void {
  Order.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
      name: DataTypes.STRING(300),
      orderNumber: { type: DataTypes.STRING(100), allowNull: false },
      totalAmount: DataTypes.DECIMAL(19, 2),
      submittedAt: DataTypes.DATE,
      status: DataTypes.INTEGER,
    },
    {
      sequelize,
      tableName: 'orders',
      underscored: true,
      indexes: [{ fields: ['organisation_id'] }, { fields: ['order_number'] }],
    },
  );
}
