import { randomUUID } from 'node:crypto';
import { skipLegacy } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('calls that are skipped send nothing, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const withContacts = (name: string): never =>
    ({ name, contacts: [{ lastName: 'Example' }, { lastName: 'Specimen' }] }) as never;
  const include = [{ association: 'contacts', include: ['interactions'] }];

  it('create with include, skipped by the block', async () => {
    const { Organisation, Contact } = world.models;
    await skipLegacy(() => Organisation.create(withContacts('A'), { include }));
    expect(await world.legacyCalls()).toEqual([]);
    expect(await Contact.count({ skipLegacy: true })).toBe(2);
  });

  it.each([
    [
      'the class',
      (): Promise<unknown> =>
        world.models.Organisation.skipLegacy().create(withContacts('A'), { include }),
    ],
    [
      'the options',
      (): Promise<unknown> =>
        world.models.Organisation.create(withContacts('A'), { include, skipLegacy: true }),
    ],
  ])('create with include, skipped by %s', async (_by, create) => {
    await create();
    expect(await world.legacyCalls()).toEqual([]);
    expect(await world.models.Contact.count({ skipLegacy: true })).toBe(2);
  });

  it.each([
    [
      'the class',
      (): Promise<unknown> =>
        world.models.Contact.skipLegacy().create(
          { lastName: 'Example', organisation: { name: 'A' } } as never,
          { include: ['organisation'] },
        ),
    ],
    [
      'the options',
      (): Promise<unknown> =>
        world.models.Contact.create({ lastName: 'Example', organisation: { name: 'A' } } as never, {
          include: ['organisation'],
          skipLegacy: true,
        }),
    ],
  ])('create with the parent included, skipped by %s', async (_by, create) => {
    await create();
    expect(await world.legacyCalls()).toEqual([]);
    expect(await world.models.Organisation.count({ skipLegacy: true })).toBe(1);
  });

  it('create through a many to many', async () => {
    const { Contact, ContactOrder } = world.models;
    await Contact.create({ lastName: 'Example', orders: [{ orderNumber: 'F-1' }] } as never, {
      include: ['orders'],
      skipLegacy: true,
    });
    expect(await world.legacyCalls()).toEqual([]);
    expect(await ContactOrder.count({ skipLegacy: true })).toBe(1);
  });

  it('every other call', async () => {
    const { Organisation, Contact, Order, ContactOrder } = world.models;
    const Local = Organisation.skipLegacy();
    const row = await Local.create({ name: 'A' });
    await Local.bulkCreate([{ name: 'B' }, { name: 'C' }]);
    await Local.update({ employees: 1 }, { where: { name: 'B' } });
    await Local.increment('employees', { where: { name: 'B' } });
    await Local.upsert({ name: 'D' });
    await row.increment('employees', { skipLegacy: true });
    await row.increment('employees');
    await row.reload();
    await row.update({ name: 'A2' });
    await Local.findOrCreate({ where: { name: 'E' } });
    await Local.findAndCountAll({ include: ['contacts', 'sector'], limit: 1 });
    await Local.findAll({ include: [{ all: true }] });
    await Local.scope().findAll({ include: [{ association: 'contacts', separate: true }] });
    await Local.unscoped().count();
    await Local.sum('employees');
    const contact = await row.createContact({ lastName: 'Example' });
    const again = await Contact.skipLegacy().findByPk(contact.id);
    const order = await Order.skipLegacy().create({ orderNumber: 'F-1' });
    await again?.addOrder(order);
    await again?.getOrders();
    await (again as never as { hasOrder(o: unknown): Promise<boolean> }).hasOrder(order);
    await (again as never as { countOrders(): Promise<number> }).countOrders();
    await again?.setOrders([]);
    expect(await ContactOrder.count({ skipLegacy: true })).toBe(0);
    await again?.getOrganisation();
    await again?.destroy();
    await row.destroy();
    await Organisation.destroy({ where: {}, skipLegacy: true });
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('accessors that are told to skip by their options', async () => {
    const { Organisation, Contact, Order } = world.models;
    const organisation = await Organisation.create({ name: 'A' });
    const contact = await organisation.createContact({ lastName: 'Example' });
    const order = await Order.create({ orderNumber: 'F-1' });
    await world.legacyCalls();
    const skip = { skipLegacy: true } as never;
    await organisation.getContacts(skip);
    await organisation.getContacts({ ...(skip as object), include: ['orders'] });
    await contact.addOrder(order, skip);
    await contact.getOrders(skip);
    await contact.removeOrder(order, skip);
    await contact.reload(skip);
    await Contact.count(skip);
    await contact.destroy(skip);
    expect(await world.legacyCalls()).toEqual([]);
  });

  it('a block, however deep, and only the block', async () => {
    const { Organisation } = world.models;
    await world.sandbox.load('account', [{ AccountId: randomUUID(), Name: 'A' }]);
    await skipLegacy(async () => {
      await world.sequelize.transaction(async (transaction) => {
        await Promise.all([
          Organisation.findAll({ transaction, include: ['contacts'] }),
          Organisation.create({ name: 'B' }, { transaction }),
        ]);
      });
    });
    expect(await world.legacyCalls()).toEqual([]);
    await Organisation.destroy({ where: {}, skipLegacy: true });
    await Organisation.findAll();
    expect(await world.legacyCalls()).toHaveLength(1);
  });

  it('leaves a row ahead, whatever the clock of the CRM', async () => {
    const { Organisation } = world.models;
    const future = new Date(Date.now() + 3_600_000);
    await world.sandbox.load('account', [
      { AccountId: randomUUID(), Name: 'A', CreatedOn: future, ModifiedOn: future },
    ]);
    await Organisation.findAll();
    await Organisation.update({ name: 'B' }, { where: {}, skipLegacy: true } as never);
    await expect(Organisation.findAll()).rejects.toThrow(/local changes/);
  });

  it('leaves a partly loaded row ahead, whatever the clock of the CRM', async () => {
    const { Organisation } = world.models;
    const future = new Date(Date.now() + 3_600_000);
    await world.sandbox.load('account', [
      { AccountId: randomUUID(), Name: 'A', CreatedOn: future, ModifiedOn: future },
    ]);
    const row = await Organisation.findOne({ attributes: ['id', 'name'] });
    await row?.update({ name: 'B' }, { skipLegacy: true });
    await expect(Organisation.findAll()).rejects.toThrow(/local changes/);
  });
});
