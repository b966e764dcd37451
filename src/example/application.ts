import { type Model, type ModelStatic, Op } from 'sequelize';
import {
  type Contact,
  ContactOrder,
  Country,
  type Models,
  Order,
  Organisation,
  Sector,
} from '../../models';

// What the application does, in nothing but ordinary Sequelize calls.

/** What a new customer tells about itself. */
export interface NewCustomer {
  readonly name: string;
  /** ISO 3166: `GB`. */
  readonly countryCode?: string;
  readonly sector?: string;
  /** `'1998-03-21'` */
  readonly foundedOn?: string;
  readonly contacts: readonly {
    readonly firstName: string;
    readonly lastName: string;
    readonly email?: string;
  }[];
}

/** Take on a customer with its contacts: all of it or nothing. */
export async function registerCustomer(customer: NewCustomer): Promise<Organisation> {
  const { contacts, countryCode, sector, ...values } = customer;
  return transaction(async () => {
    const [country, line] = await Promise.all([
      countryCode === undefined ? null : Country.findOne({ where: { isoCode: countryCode } }),
      sector === undefined ? null : Sector.findOne({ where: { name: sector } }),
    ]);
    const organisation = await Organisation.create({
      ...values,
      customerType: 3,
      isUk: countryCode === 'GB',
      countryId: country?.id ?? null,
      sectorId: line?.id ?? null,
    });
    for (const contact of contacts) await organisation.createContact(contact);
    return organisation;
  });
}

/** What somebody orders. */
export interface NewOrder {
  readonly orderNumber: string;
  /** Pounds: `'199.00'`. */
  readonly totalAmount: string;
  /** Who at the organisation has to do with it. */
  readonly contacts: readonly Contact[];
}

/** Note an order, and that the contacts were told of it: all of it or nothing. */
export async function placeOrder(organisation: Organisation, ordered: NewOrder): Promise<Order> {
  const { contacts, ...values } = ordered;
  return transaction(async () => {
    const submittedAt = new Date();
    const order = await organisation.createOrder({ ...values, submittedAt, status: 1 });
    for (const contact of contacts) {
      await ContactOrder.create({ contactId: contact.id, orderId: order.id });
      await contact.createInteraction({
        subject: `Confirmed order ${order.orderNumber}`,
        channel: 'email',
        happenedAt: submittedAt,
      });
    }
    return order;
  });
}

/** Customers whose name begins so, by name, each with its country and its contacts. */
export async function findCustomers(nameBeginning: string): Promise<Organisation[]> {
  return Organisation.findAll({
    where: { name: { [Op.startsWith]: nameBeginning }, customerType: 3 },
    include: ['country', 'contacts'],
    order: ['name'],
  });
}

/** What an organisation's orders come to, cancelled ones left out; pounds, `'398.00'`. */
export async function orderTotal(organisation: Organisation): Promise<string> {
  const where = { organisationId: organisation.id, status: { [Op.ne]: 4 } };
  // A sum of decimals is a decimal: text, whatever Sequelize's types say.
  const total: unknown = await Order.sum('totalAmount', { where });
  return typeof total === 'string' ? total : Number(total ?? 0).toFixed(2);
}

/** Forget an organisation with its contacts and what was said to them: all of it or nothing. */
export async function forgetCustomer(organisation: Organisation): Promise<void> {
  await transaction(async () => {
    for (const contact of await organisation.getContacts()) {
      for (const interaction of await contact.getInteractions()) await interaction.destroy();
      await contact.destroy();
    }
    await organisation.destroy();
  });
}

/** How many records there are, by model. */
export async function countRecords(models: Models): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const model of Object.values<ModelStatic<Model>>(models)) {
    counts.set(model.name, await model.count());
  }
  return counts;
}

function transaction<T>(work: () => Promise<T>): Promise<T> {
  const { sequelize } = Organisation;
  if (!sequelize) throw new Error('The models have no database: call defineModels() first.');
  return sequelize.transaction(work);
}
