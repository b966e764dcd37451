import {
  type BelongsToGetAssociationMixin,
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

const channels = ['phone', 'email', 'meeting', 'letter'] as const;

/** The ways in which people talk to each other. */
type Channel = (typeof channels)[number];

/** A call, a letter, a meeting: something that was said to a contact. */
export class Interaction extends ApplicationModel<
  InferAttributes<Interaction>,
  InferCreationAttributes<Interaction>
> {
  declare id: CreationOptional<string>;
  declare subject: string;
  declare notes: CreationOptional<string | null>;
  declare channel: CreationOptional<Channel | null>;
  declare happenedAt: CreationOptional<Date | null>;
  declare contactId: CreationOptional<ForeignKey<Contact['id']> | null>;

  declare contact?: NonAttribute<Contact | null>;
  declare getContact: BelongsToGetAssociationMixin<Contact | null>;
}

/** Bind the model to its table. */
export function initInteraction(sequelize: Sequelize): void {
  Interaction.init(
    {
      id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
      subject: { type: DataTypes.STRING(200), allowNull: false },
      notes: DataTypes.TEXT,
      channel: DataTypes.ENUM(...channels),
      happenedAt: DataTypes.DATE,
    },
    {
      sequelize,
      tableName: 'interactions',
      underscored: true,
      indexes: [{ fields: ['contact_id'] }, { fields: ['happened_at'] }],
    },
  );
}
