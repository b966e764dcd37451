import { randomUUID } from 'node:crypto';
import { RejectedRecordError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** What random sequences (test/sync/exactness) have found, each in its shortest form. */
describe.each(faces)('what random sequences have found, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  it('takes a condition in a separate include for one on the included rows only', async () => {
    const { Contact, Interaction } = world.models;
    const contact = { ContactId: randomUUID(), LastName: 'Example' };
    const interaction = { optevia_interactionId: randomUUID(), optevia_Subject: 'A call' };
    await world.sandbox.load('contact', [contact]);
    await world.sandbox.load('optevia_interaction', [interaction]);
    const where = { subject: 'Nothing of the kind' };
    const interactions = { model: Interaction, as: 'interactions', separate: true, where };
    const rows = await Contact.findAll({ include: [interactions] });
    expect(rows.map(({ lastName }) => lastName)).toEqual(['Example']);
    expect(rows[0]?.interactions).toEqual([]);
  });

  it('gives the record as it was kept, of an upsert that creates', async () => {
    const { Organisation } = world.models;
    const values = { name: 'Fictional Foundry', description: '', rating: '3.14159' };
    const [made] = await Organisation.upsert(values);
    expect([made.description, made.rating, made.changed()]).toEqual([null, '3.1416', false]);
  });

  it('stores rows that refer to those which a transaction has incremented', async () => {
    const { Organisation, Order } = world.models;
    const account = { AccountId: randomUUID(), Name: 'Fictional Foundry' };
    const order = { SalesOrderId: randomUUID(), OrderNumber: 'F-1', CustomerId: account.AccountId };
    await world.sandbox.load('account', [account]);
    await world.sandbox.load('salesorder', [order]);
    await world.sequelize.transaction(async (transaction) => {
      const where = { name: 'Fictional Foundry' };
      await Organisation.increment('revenue', { where, by: 1, transaction });
      await Order.update({ name: 'Named' }, { where: { orderNumber: 'F-1' }, transaction });
    });
    expect(await world.sandbox.record('salesorder', order.SalesOrderId)).toMatchObject({
      Name: 'Named',
    });
  });

  it('refuses to read a record that needs one which the transaction has destroyed, until it commits', async () => {
    const { Contact, Order, ContactOrder } = world.models;
    const contact = await Contact.create({ lastName: 'Example' });
    const order = await Order.create({ orderNumber: 'F-1' });
    await ContactOrder.create({ contactId: contact.id, orderId: order.id });
    await world.sequelize.transaction(async (transaction) => {
      await order.destroy({ transaction });
      await expect(ContactOrder.findAll({ transaction })).rejects.toThrow(RejectedRecordError);
    });
    expect(await ContactOrder.findAll()).toEqual([]);
    expect(await world.sandbox.records('optevia_contactorder')).toEqual([]);
  });
});
