import { randomUUID } from 'node:crypto';
import { SyncError } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('records that are gone, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(() => world.close());

  const accounts = async (size: number): Promise<string[]> => {
    const keys = Array.from({ length: size }, () => randomUUID() as string);
    await world.sandbox.load(
      'account',
      keys.map((key, index) => ({
        AccountId: key,
        Name: `Fictional ${String(index).padStart(4, '0')}`,
      })),
    );
    return keys;
  };
  const remove = async (logicalName: string, keys: readonly string[]): Promise<void> => {
    for (const key of keys) await world.sandbox.deleteAsLegacyUser(logicalName, key);
  };

  it('finds the first that is left when many before it have been deleted', async () => {
    const { Organisation } = world.models;
    const keys = await accounts(30);
    await Organisation.findAll();
    await remove('account', keys.slice(0, 12));
    const first = await Organisation.findOne({ order: ['name'] });
    expect(first?.name).toBe('Fictional 0012');
    const page = await Organisation.findAndCountAll({ order: ['name'], limit: 3, offset: 1 });
    expect([page.count, page.rows.map(({ name }) => name)]).toEqual([
      18,
      ['Fictional 0013', 'Fictional 0014', 'Fictional 0015'],
    ]);
  });

  it('removes a hundred at once, and refuses to remove more', async () => {
    const { Organisation } = world.models;
    const keys = await accounts(400);
    await Organisation.findAll();
    await remove('account', keys.slice(0, 100));
    expect(await Organisation.findAll()).toHaveLength(300);
    await remove('account', keys.slice(100, 201));
    await expect(Organisation.findAll()).rejects.toThrow(SyncError);
    await expect(Organisation.sum('employees')).rejects.toThrow(/limits\.maxRemovals/);
    expect(await Organisation.count({ skipLegacy: true })).toBe(300);
  });

  it('keeps a row that others refer to out of answers, aggregates and includes', async () => {
    const { Organisation, Contact, Interaction } = world.models;
    const [key] = await accounts(1);
    const [contact, other] = [randomUUID(), randomUUID()];
    await world.sandbox.load('contact', [
      { ContactId: contact, LastName: 'Example', ParentCustomerId: String(key) },
      { ContactId: other, LastName: 'Specimen', ParentCustomerId: String(key) },
    ]);
    await world.sandbox.load('optevia_interaction', [
      {
        optevia_interactionId: randomUUID(),
        optevia_Subject: 'A call',
        optevia_Contact: contact,
      },
    ]);
    await Interaction.findAll();
    await Contact.findAll();
    await remove('contact', [contact]);
    const found = await Organisation.findAll({ include: ['contacts'] });
    expect(found[0]?.contacts?.map(({ lastName }) => lastName)).toEqual(['Specimen']);
    expect((await Contact.findAll()).map(({ lastName }) => lastName)).toEqual(['Specimen']);
    expect(await Contact.count()).toBe(1);
    const counted = await Organisation.count({ include: ['contacts'] });
    expect(counted).toBe(1);
    const separate = await Organisation.findAll({
      include: [{ association: 'contacts', separate: true }],
    });
    expect(separate[0]?.contacts?.map(({ lastName }) => lastName)).toEqual(['Specimen']);
    expect((await found[0]?.getContacts())?.map(({ lastName }) => lastName)).toEqual(['Specimen']);
    const required = await Organisation.findAll({
      include: [{ association: 'contacts', where: { lastName: 'Example' } }],
    });
    expect(required).toEqual([]);
    expect(await Interaction.findAll({ include: ['contact'] })).toEqual([]);
  });

  it('does not count a row that others refer to, when it is first met by a count', async () => {
    const { Contact, Interaction } = world.models;
    const contact = randomUUID();
    await world.sandbox.load('contact', [{ ContactId: contact, LastName: 'Example' }]);
    await world.sandbox.load('optevia_interaction', [
      { optevia_interactionId: randomUUID(), optevia_Subject: 'Call', optevia_Contact: contact },
    ]);
    await Interaction.findAll();
    await remove('contact', [contact]);
    expect(await Contact.count()).toBe(0);
    expect(await Contact.findOne({ attributes: ['lastName'] })).toBeNull();
    expect(await Contact.max('lastName')).toBeNull();
  });

  it('brings back a record that was re-created under its GUID', async () => {
    const { Organisation, Contact, Interaction } = world.models;
    const [key] = await accounts(1);
    const contact = randomUUID();
    const interaction = {
      optevia_interactionId: randomUUID(),
      optevia_Subject: 'Call',
      optevia_Contact: contact,
    };
    await world.sandbox.load('contact', [{ ContactId: contact, LastName: 'Example' }]);
    await world.sandbox.load('optevia_interaction', [interaction]);
    await Organisation.findAll();
    await Interaction.findAll();
    await remove('account', [String(key)]);
    await remove('contact', [contact]);
    expect(await Organisation.findAll()).toEqual([]);
    expect(await Contact.findAll()).toEqual([]);
    await world.sandbox.createAsLegacyUser('account', { AccountId: String(key), Name: 'Again' });
    await world.sandbox.createAsLegacyUser('contact', { ContactId: contact, LastName: 'Again' });
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['Again']);
    expect((await Contact.findAll()).map(({ lastName }) => lastName)).toEqual(['Again']);
    const byKey = await Organisation.findOne({ where: { legacyId: key } });
    expect(byKey?.name).toBe('Again');
  });

  it('is not brought back by an answer from before its deletion', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'Soon gone' });
    await world.sandbox.delayNext({ method: 'GET', delayMs: 700, when: 'after' });
    const reading = Organisation.findAll();
    await new Promise((resolve) => setTimeout(resolve, 250));
    await row.destroy();
    await reading;
    expect(await Organisation.count({ skipLegacy: true })).toBe(0);
  });

  it('removes children that the CRM removed with their parent', async () => {
    const { Organisation, Contact } = world.models;
    const [key] = await accounts(1);
    await world.sandbox.load('contact', [
      { ContactId: randomUUID(), LastName: 'Example', ParentCustomerId: String(key) },
    ]);
    await Organisation.findAll({ include: ['contacts'] });
    await remove('account', [String(key)]);
    expect(await Organisation.findAll({ include: ['contacts'] })).toEqual([]);
    expect(await Contact.findAll({ include: ['organisation'] })).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('sees every edit of one second', async () => {
    const { Organisation } = world.models;
    const [key] = await accounts(1);
    for (let employees = 1; employees <= 20; employees += 1) {
      await world.sandbox.editAsLegacyUser('account', String(key), {
        NumberOfEmployees: employees,
      });
      const row = await Organisation.findOne({ where: { legacyId: key } });
      expect(row?.employees).toBe(employees);
    }
  });

  it('never answers with less than what was there when the call began', async () => {
    const { Organisation } = world.models;
    const [key] = await accounts(1);
    let written = 0;
    let isOver = false;
    const editing = (async () => {
      while (written < 60) {
        await world.sandbox.editAsLegacyUser('account', String(key), {
          NumberOfEmployees: written + 1,
        });
        written += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      isOver = true;
    })();
    const stale: string[] = [];
    const reading = Array.from({ length: 4 }, async (_, index) => {
      while (!isOver) {
        const least = written;
        const where = index % 2 === 0 ? { legacyId: key } : { name: 'Fictional 0000' };
        const row = await Organisation.findOne({ where });
        if ((row?.employees ?? 0) < least) stale.push(`${row?.employees ?? 0} < ${least}`);
      }
    });
    await Promise.all([editing, ...reading]);
    expect(stale).toEqual([]);
  });
});
