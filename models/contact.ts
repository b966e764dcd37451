import {
  type BelongsToGetAssociationMixin,
  type BelongsToManyAddAssociationMixin,
  type BelongsToManyGetAssociationsMixin,
  type BelongsToManyRemoveAssociationMixin,
  type BelongsToManySetAssociationsMixin,
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
import type { Interaction } from './interaction';
import type { Order } from './order';
import type { Organisation } from './organisation';

/** A person at an organisation. */
export class Contact extends ApplicationModel<
  InferAttributes<Contact>,
  InferCreationAttributes<Contact>
> {
  declare id: CreationOptional<string>;
  declare firstName: CreationOptional<string | null>;
  declare lastName: string;
  declare email: CreationOptional<string | null>;
  declare jobTitle: CreationOptional<string | null>;
  /** `'1980-05-17'` */
  declare bornOn: CreationOptional<string | null>;
  declare doNotEmail: CreationOptional<boolean | null>;
  declare organisationId: CreationOptional<ForeignKey<Organisation['id']> | null>;
  /** Kept by this application only: `'en'`. */
  declare preferredLanguage: CreationOptional<string>;

  declare organisation?: NonAttribute<Organisation | null>;
  declare interactions?: NonAttribute<Interaction[]>;
  declare orders?: NonAttribute<Order[]>;

  declare getOrganisation: BelongsToGetAssociationMixin<Organisation | null>;
  declare getInteractions: HasManyGetAssociationsMixin<Interaction>;
  declare createInteraction: HasManyCreateAssociationMixin<Interaction, 'contactId'>;
  declare getOrders: BelongsToManyGetAssociationsMixin<Order>;
  declare addOrder: BelongsToManyAddAssociationMixin<Order, string>;
  declare setOrders: BelongsToManySetAssociationsMixin<Order, string>;
  declare removeOrder: BelongsToManyRemoveAssociationMixin<Order, string>;
}

/** Bind the model to its table. */
export function initContact(sequelize: Sequelize): void {
  Contact.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
      firstName: DataTypes.STRING(50),
      lastName: { type: DataTypes.STRING(50), allowNull: false },
      email: DataTypes.STRING(100),
      jobTitle: DataTypes.STRING(100),
      bornOn: DataTypes.DATEONLY,
      doNotEmail: DataTypes.BOOLEAN,
      preferredLanguage: { type: DataTypes.STRING(5), allowNull: false, defaultValue: 'en' },
    },
    {
      sequelize,
      tableName: 'contacts',
      underscored: true,
      indexes: [{ fields: ['organisation_id'] }, { fields: ['email'] }],
    },
  );
}
