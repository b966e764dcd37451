import type { Model } from 'sequelize';
import { LegacyError } from '../../src';
import type { Contact, Order, Organisation } from '../../models';
import { expectAgreement } from '../support/agreement';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

/** The accessors that Sequelize makes, which the models declare as far as they use them. */
type Accessors = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

const of = (instance: Model): Accessors => instance as unknown as Accessors;

describe.each(faces)('setters, adders, removers and creators through the %s face', (face) => {
  let world: DualWorld;
  const update = face === 'dataverse' ? 'PATCH' : 'MERGE';

  beforeAll(async () => {
    world = await openDualWorld({ face, timeoutMs: 1500 });
    const { Organisation, Contact } = world.models;
    Organisation.hasOne(Contact, { as: 'speaker', foreignKey: 'organisationId' });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    const { Organisation, Contact, Order, ContactOrder } = world.models;
    await expectAgreement(world, Organisation, 'account');
    await expectAgreement(world, Contact, 'contact');
    await expectAgreement(world, Order, 'salesorder');
    await expectAgreement(world, ContactOrder, 'optevia_contactorder');
  });
  afterAll(() => world.close());

  const writes = async (): Promise<(string | undefined)[]> => {
    const calls = await world.legacyCalls();
    return calls.map((call) => call.split(' ')[0]).filter((verb) => verb !== 'GET');
  };
  const organisation = (name = 'A'): Promise<Organisation> =>
    world.models.Organisation.create({ name });
  const contacts = (...names: string[]): Promise<Contact[]> =>
    world.models.Contact.bulkCreate(names.map((lastName) => ({ lastName })));
  /** The last names of the contacts that the CRM says belong to an organisation. */
  const belonging = async ({ legacyId }: Organisation): Promise<unknown[]> => {
    const records = await world.sandbox.records('contact');
    const own = records.filter(({ ParentCustomerId }) => ParentCustomerId === legacyId);
    return own.map(({ LastName }) => LastName).sort();
  };

  describe('has many', () => {
    it('adds, removes, sets and creates', async () => {
      const row = await organisation();
      const [a, b, c] = await contacts('A', 'B', 'C');
      await writes();
      await of(row).addContacts?.([a, b]);
      expect(await writes()).toEqual(face === 'dataverse' ? ['BATCH'] : [update, update]);
      expect(await belonging(row)).toEqual(['A', 'B']);
      await of(row).removeContact?.(a);
      expect(await belonging(row)).toEqual(['B']);
      await of(row).setContacts?.([a, c]);
      expect(await belonging(row)).toEqual(['A', 'C']);
      await row.createContact({ lastName: 'D' });
      await of(row).addContact?.(b?.id);
      expect(await belonging(row)).toEqual(['A', 'B', 'C', 'D']);
      expect((await row.getContacts()).map(({ lastName }) => lastName).sort()).toEqual([
        'A',
        'B',
        'C',
        'D',
      ]);
      expect(await of(row).hasContact?.(a)).toBe(true);
      expect(await of(row).countContacts?.()).toBe(4);
      await of(row).setContacts?.(null);
      expect(await belonging(row)).toEqual([]);
    });

    it('sets against what the CRM has', async () => {
      const row = await organisation();
      const [kept] = await contacts('Kept');
      await world.sandbox.createAsLegacyUser('contact', {
        LastName: 'Of the CRM',
        ParentCustomerId: row.legacyId,
      });
      await of(row).setContacts?.([kept]);
      expect(await belonging(row)).toEqual(['Kept']);
    });

    it('leaves no trace of a refusal', async () => {
      const row = await organisation();
      const five = await contacts('A', 'B', 'C', 'D', 'E');
      const key = String(five[2]?.legacyId);
      await world.sandbox.failNext({ method: update, status: 400, key });
      await expect(of(row).addContacts?.(five)).rejects.toThrow(LegacyError);
      expect(await belonging(row)).toEqual([]);
      const undone = world.sequelize.transaction(async (transaction) => {
        await of(row).addContacts?.(five, { transaction });
        expect(await belonging(row)).toHaveLength(5);
        throw new Error('Not today.');
      });
      await expect(undone).rejects.toThrow('Not today.');
      expect(await belonging(row)).toEqual([]);
    });
  });

  describe('has one', () => {
    it('sets and creates', async () => {
      const row = await organisation();
      const [a, b] = await contacts('A', 'B');
      await of(row).setSpeaker?.(a);
      expect(await belonging(row)).toEqual(['A']);
      await of(row).setSpeaker?.(b);
      expect(await belonging(row)).toEqual(['B']);
      const speaker = (await of(row).getSpeaker?.()) as Contact;
      expect(speaker.lastName).toBe('B');
      await of(row).setSpeaker?.(null);
      expect(await belonging(row)).toEqual([]);
      await of(row).createSpeaker?.({ lastName: 'C' });
      expect(await belonging(row)).toEqual(['C']);
    });
  });

  describe('belongs to', () => {
    it('sets and creates', async () => {
      const row = await organisation();
      const [a] = await contacts('A');
      if (!a) throw new Error('It was created.');
      await writes();
      await of(a).setOrganisation?.(row);
      expect(await writes()).toEqual([update]);
      expect(await belonging(row)).toEqual(['A']);
      await of(a).setOrganisation?.(null);
      expect(await belonging(row)).toEqual([]);
      await of(a).createOrganisation?.({ name: 'New' });
      const created = await a.getOrganisation();
      expect(created?.name).toBe('New');
      expect(created && (await belonging(created))).toEqual(['A']);
    });
  });

  describe('many to many, through a model of its own', () => {
    const orders = (...numbers: string[]): Promise<Order[]> =>
      world.models.Order.bulkCreate(numbers.map((orderNumber) => ({ orderNumber })));
    /** The numbers of the orders that the CRM says a contact has to do with. */
    const linked = async ({ legacyId }: Contact): Promise<unknown[]> => {
      const links = await world.sandbox.records('optevia_contactorder');
      const keys = links
        .filter(({ optevia_Contact: contact }) => contact === legacyId)
        .map(({ optevia_Order: order }) => order);
      const found = await world.sandbox.records('salesorder');
      return found
        .filter(({ SalesOrderId }) => keys.includes(SalesOrderId ?? null))
        .map(({ OrderNumber }) => OrderNumber)
        .sort();
    };

    it('adds, removes, sets and creates', async () => {
      const [contact] = await contacts('Example');
      if (!contact) throw new Error('It was created.');
      const [one, two, three] = await orders('1', '2', '3');
      await of(contact).addOrders?.([one, two]);
      expect(await linked(contact)).toEqual(['1', '2']);
      await of(contact).addOrder?.(one);
      expect(await linked(contact)).toEqual(['1', '2']);
      await of(contact).removeOrder?.(one);
      expect(await linked(contact)).toEqual(['2']);
      await of(contact).setOrders?.([one, three]);
      expect(await linked(contact)).toEqual(['1', '3']);
      await of(contact).createOrder?.({ orderNumber: '4' });
      expect(await linked(contact)).toEqual(['1', '3', '4']);
      const found = await contact.getOrders();
      expect(found.map(({ orderNumber }) => orderNumber).sort()).toEqual(['1', '3', '4']);
      expect(await of(contact).hasOrder?.(three)).toBe(true);
      expect(await of(contact).countOrders?.()).toBe(3);
      await of(contact).setOrders?.([]);
      expect(await linked(contact)).toEqual([]);
    });

    it('knows of links that the CRM has made', async () => {
      const [contact] = await contacts('Example');
      if (!contact) throw new Error('It was created.');
      const [one, two] = await orders('1', '2');
      await world.sandbox.createAsLegacyUser('optevia_contactorder', {
        optevia_Contact: contact.legacyId,
        optevia_Order: one?.legacyId ?? null,
      });
      await of(contact).addOrders?.([one, two]);
      expect(await linked(contact)).toEqual(['1', '2']);
      expect(await world.sandbox.records('optevia_contactorder')).toHaveLength(2);
      await of(contact).removeOrder?.(one);
      expect(await linked(contact)).toEqual(['2']);
    });

    it('is undone with the transaction around it, and leaves no trace of a refusal', async () => {
      const [contact] = await contacts('Example');
      if (!contact) throw new Error('It was created.');
      const all = await orders('1', '2', '3', '4', '5');
      const undone = world.sequelize.transaction(async (transaction) => {
        await of(contact).setOrders?.(all, { transaction });
        await of(contact).removeOrder?.(all[0], { transaction });
        expect(await linked(contact)).toHaveLength(5);
        throw new Error('Not today.');
      });
      await expect(undone).rejects.toThrow('Not today.');
      expect(await linked(contact)).toEqual([]);
      const method = face === 'dataverse' ? 'PATCH' : 'POST';
      const entitySet = 'optevia_contactorder';
      await world.sandbox.failNext({ method, status: 400, entitySet });
      await expect(of(contact).setOrders?.(all)).rejects.toThrow(LegacyError);
      expect(await linked(contact)).toEqual([]);
    });
  });

  it('creates many with what belongs to them, those first that others refer to', async () => {
    const { Organisation } = world.models;
    const rows = await Organisation.bulkCreate(
      [
        { name: 'A', contacts: [{ lastName: 'AA' }, { lastName: 'AB' }] },
        { name: 'B', contacts: [{ lastName: 'BA' }], branches: [{ name: 'Branch of B' }] },
      ] as never[],
      { include: ['contacts', 'branches'] },
    );
    const [a, b] = rows;
    expect(a && (await belonging(a))).toEqual(['AA', 'AB']);
    expect(b && (await belonging(b))).toEqual(['BA']);
    const records = await world.sandbox.records('account');
    const branch = records.find(({ Name }) => Name === 'Branch of B');
    expect(branch?.ParentAccountId).toBe(b?.legacyId);
    expect(rows.map((row) => row.contacts?.map(({ lastName }) => lastName))).toEqual([
      ['AA', 'AB'],
      ['BA'],
    ]);
  });

  it('creates many with their parents, and through a many to many', async () => {
    const { Contact } = world.models;
    await Contact.bulkCreate(
      [
        { lastName: 'X', organisation: { name: 'A' }, orders: [{ orderNumber: '1' }] },
        { lastName: 'Y', organisation: { name: 'B' } },
      ] as never[],
      { include: ['organisation', 'orders'] },
    );
    expect(await world.sandbox.records('optevia_contactorder')).toHaveLength(1);
    const [a] = await world.models.Organisation.findAll({ where: { name: 'A' } });
    expect(a && (await belonging(a))).toEqual(['X']);
  });

  it('creates records of one call that refer to each other, in their order', async () => {
    const { Organisation } = world.models;
    const parent = '00000000-0000-4000-8000-000000000001';
    const child = '00000000-0000-4000-8000-000000000002';
    await Organisation.bulkCreate([
      { name: 'Child', id: child, parentId: parent },
      { name: 'Parent', id: parent },
    ]);
    const records = await world.sandbox.records('account');
    const key = records.find(({ Name }) => Name === 'Parent')?.AccountId;
    expect(records.find(({ Name }) => Name === 'Child')?.ParentAccountId).toBe(key);
    await Organisation.destroy({ where: {} });
    expect(await world.sandbox.records('account')).toEqual([]);
  });

  it('saves without returning', async () => {
    const { Organisation } = world.models;
    const row = Organisation.build({ name: 'A' });
    await row.save({ returning: false });
    await row.update({ name: 'B' }, { returning: false });
    expect((await world.sandbox.record('account', String(row.legacyId)))?.Name).toBe('B');
    expect(row.modifiedAt).toEqual(row.legacyModifiedAt);
  });
});
