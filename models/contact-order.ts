import {
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
import type { Order } from './order';

/** Says that a contact has to do with an order. */
export class ContactOrder extends ApplicationModel<
  InferAttributes<ContactOrder>,
  InferCreationAttributes<ContactOrder>
> {
  declare id: CreationOptional<string>;
  declare contactId: ForeignKey<Contact['id']>;
  declare orderId: ForeignKey<Order['id']>;

  declare contact?: NonAttribute<Contact>;
  declare order?: NonAttribute<Order>;
}

/** Bind the model to its table. */
export function initContactOrder(sequelize: Sequelize): void {
  ContactOrder.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
    },
    {
      sequelize,
      tableName: 'contact_orders',
      underscored: true,
      indexes: [{ fields: ['contact_id'] }, { fields: ['order_id'] }],
    },
  );
}
