import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('what common calls cost, %s face', (face) => {
  let world: DualWorld;
  const is2011 = face === 'dynamics2011';

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const verbs = async (): Promise<string[]> =>
    (await world.legacyCalls()).map((call) => call.split(' ')[0] ?? '');

  it('one request where one is enough', async () => {
    const { Organisation, Contact } = world.models;
    const row = await Organisation.create({ name: 'A' });
    expect(await verbs()).toEqual([is2011 ? 'POST' : 'PATCH']);
    await Organisation.findByPk(row.id);
    expect(await verbs()).toEqual(['GET']);
    await row.reload();
    expect(await verbs()).toEqual(['GET']);
    await row.update({ name: 'B' });
    expect(await verbs()).toEqual(is2011 ? ['GET', 'MERGE', 'GET'] : ['GET', 'PATCH']);
    const contact = await row.createContact({ lastName: 'Example' });
    await verbs();
    await contact.getOrganisation();
    expect(await verbs()).toEqual(['GET']);
    await row.getContacts();
    expect(await verbs()).toEqual(['GET']);
    // The first page and the count are questions of their own.
    await Organisation.findAndCountAll({ limit: 1 });
    expect((await verbs()).length).toBeLessThanOrEqual(2);
    await Organisation.findAll({ include: ['contacts'] });
    expect((await verbs()).length).toBeLessThanOrEqual(2);
    await Organisation.findOrCreate({ where: { name: 'B' } });
    expect(await verbs()).toEqual(['GET']);
    await contact.destroy();
    expect(await verbs()).toEqual(['DELETE']);
    expect(await Contact.findByPk(contact.id)).toBeNull();
    expect(await Organisation.findByPk('00000000-0000-4000-8000-000000000000')).toBeNull();
    expect(await Organisation.findAll({ where: { id: [] } })).toEqual([]);
    expect(await verbs()).toEqual([]);
  });

  it.failing('one request for accessors that are asked in one tick', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A' });
    await verbs();
    await Promise.all([row.getContacts(), row.getContacts(), row.getContacts()]);
    expect(await verbs()).toEqual(['GET']);
  });
});
