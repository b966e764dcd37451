import {
  countRecords,
  findCustomers,
  forgetCustomer,
  orderTotal,
  placeOrder,
  registerCustomer,
} from '../../src/example/application';
import type { ApplicationDatabase } from '../../src/example/database';
import { Contact, Country, Interaction, Order, Organisation, Sector } from '../../models';
import { revision } from '../../src';
import { openApplication } from '../support/application';

let application: ApplicationDatabase;

beforeAll(async () => {
  application = await openApplication();
  await Country.findOrCreate({ where: { isoCode: 'GB' }, defaults: { name: 'Britain' } });
  await Sector.findOrCreate({ where: { name: 'Marine' } });
});

afterAll(() => application.close());

const contacts = [
  { firstName: 'Ada', lastName: 'Example', email: 'ada@fictional.example.com' },
  { firstName: 'Bertil', lastName: "O'Example" },
];

describe('the example application', () => {
  it('registers a customer with its contacts', async () => {
    await registerCustomer({
      name: 'Anchor 100% Ltd',
      countryCode: 'GB',
      sector: 'Marine',
      contacts,
    });
    const [found, ...others] = await findCustomers('Anchor 100%');
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      name: 'Anchor 100% Ltd',
      isUk: true,
      country: { isoCode: 'GB' },
    });
    expect(found?.contacts?.map(({ lastName }) => lastName).sort()).toEqual([
      'Example',
      "O'Example",
    ]);
  });

  it('or leaves nothing of it behind', async () => {
    const [organisations, people] = [await Organisation.count(), await Contact.count()];
    const tooLong = { firstName: 'Chloë', lastName: 'x'.repeat(51) };
    await expect(
      registerCustomer({ name: 'Buoy Ltd', contacts: [...contacts, tooLong] }),
    ).rejects.toThrow();
    await expect(Organisation.count()).resolves.toBe(organisations);
    await expect(Contact.count()).resolves.toBe(people);
  });

  it('places orders and sums them up exactly', async () => {
    const organisation = await registerCustomer({ name: 'Compass Ltd', contacts });
    const people = await organisation.getContacts();
    await placeOrder(organisation, { orderNumber: 'A', totalAmount: '0.10', contacts: people });
    await placeOrder(organisation, { orderNumber: 'B', totalAmount: '0.20', contacts: [] });
    const cancelled = await placeOrder(organisation, {
      orderNumber: 'C',
      totalAmount: '5.00',
      contacts: [],
    });
    await cancelled.update({ status: 4 });
    await expect(orderTotal(organisation)).resolves.toBe('0.30');
    const first = await Order.findOne({ where: { orderNumber: 'A' }, rejectOnEmpty: true });
    await expect(first.getContacts()).resolves.toHaveLength(2);
    const told = await Interaction.findAll({ where: { subject: 'Confirmed order A' } });
    expect(told.map(({ channel }) => channel)).toEqual(['email', 'email']);
  });

  it('knows who changed what', async () => {
    const organisation = await registerCustomer({ name: 'Dinghy Ltd', contacts: [] });
    await revision({ user: 'Dilip Example', comment: 'They called' }, () =>
      organisation.update({ employees: 12 }),
    );
    const [latest, first] = await organisation.versions();
    expect(latest?.revision).toMatchObject({ user: 'Dilip Example', comment: 'They called' });
    expect(latest?.diff()).toEqual({ employees: { before: null, after: 12 } });
    expect(first?.kind).toBe('created');
  });

  it('forgets a customer with all that belongs to it', async () => {
    const organisation = await registerCustomer({ name: 'Ebb Ltd', contacts });
    const [someone] = await organisation.getContacts();
    await someone?.createInteraction({ subject: 'Asked for prices', channel: 'phone' });
    await forgetCustomer(organisation);
    await expect(Organisation.findByPk(organisation.id)).resolves.toBeNull();
    await expect(Contact.count({ where: { organisationId: organisation.id } })).resolves.toBe(0);
    await expect(Interaction.count({ where: { contactId: someone?.id ?? '' } })).resolves.toBe(0);
  });

  it('counts what it holds', async () => {
    const counts = await countRecords(application.models);
    expect([...counts.keys()]).toEqual(Object.keys(application.models));
    expect(counts.get('Organisation')).toBe(await Organisation.count());
  });
});
