import type { Sequelize } from 'sequelize';
import { Contact, initContact } from './contact';
import { ContactOrder, initContactOrder } from './contact-order';
import { Country, initCountry } from './country';
import { initInteraction, Interaction } from './interaction';
import { initOrder, Order } from './order';
import { initOrganisation, Organisation } from './organisation';
import { initSector, Sector } from './sector';

export { Contact, ContactOrder, Country, Interaction, Order, Organisation, Sector };

const models = { Country, Sector, Organisation, Contact, Interaction, Order, ContactOrder };

/** The models of the application, by name; those that others refer to come first. */
export type Models = typeof models;

/**
 * Bind all models to a database and to each other.
 *
 * The tables are not made: see `Sequelize.sync` or your migrations.
 */
export function defineModels(sequelize: Sequelize): Models {
  initCountry(sequelize);
  initSector(sequelize);
  initOrganisation(sequelize);
  initContact(sequelize);
  initInteraction(sequelize);
  initOrder(sequelize);
  initContactOrder(sequelize);

  associateOrganisations();
  associateContacts();
  associateOrders();
  return models;
}

function associateOrganisations(): void {
  const sector = { foreignKey: 'sectorId', onDelete: 'RESTRICT' };
  Organisation.belongsTo(Sector, { as: 'sector', ...sector });
  Sector.hasMany(Organisation, { as: 'organisations', ...sector });

  const country = { foreignKey: 'countryId', onDelete: 'RESTRICT' };
  Organisation.belongsTo(Country, { as: 'country', ...country });
  Country.hasMany(Organisation, { as: 'organisations', ...country });

  const parent = { foreignKey: 'parentId', onDelete: 'SET NULL' };
  Organisation.belongsTo(Organisation, { as: 'parent', ...parent });
  Organisation.hasMany(Organisation, { as: 'branches', ...parent });
}

// RESTRICT rather than CASCADE: what the database deletes by itself leaves no version behind.

function associateContacts(): void {
  const organisation = { foreignKey: 'organisationId', onDelete: 'RESTRICT' };
  Contact.belongsTo(Organisation, { as: 'organisation', ...organisation });
  Organisation.hasMany(Contact, { as: 'contacts', ...organisation });

  const contact = { foreignKey: 'contactId', onDelete: 'RESTRICT' };
  Interaction.belongsTo(Contact, { as: 'contact', ...contact });
  Contact.hasMany(Interaction, { as: 'interactions', ...contact });
}

function associateOrders(): void {
  const organisation = { foreignKey: 'organisationId', onDelete: 'RESTRICT' };
  Order.belongsTo(Organisation, { as: 'organisation', ...organisation });
  Organisation.hasMany(Order, { as: 'orders', ...organisation });

  const contact = { foreignKey: { name: 'contactId', allowNull: false }, onDelete: 'CASCADE' };
  const order = { foreignKey: { name: 'orderId', allowNull: false }, onDelete: 'CASCADE' };
  ContactOrder.belongsTo(Contact, { as: 'contact', ...contact });
  ContactOrder.belongsTo(Order, { as: 'order', ...order });
  // Not unique: nothing in the data says that a contact is named once an order.
  const through = { model: ContactOrder, unique: false };
  Contact.belongsToMany(Order, { as: 'orders', through, foreignKey: 'contactId' });
  Order.belongsToMany(Contact, { as: 'contacts', through, foreignKey: 'orderId' });
}
