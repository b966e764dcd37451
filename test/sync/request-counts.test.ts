import { randomUUID } from 'node:crypto';
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
    expect(await verbs()).toEqual(is2011 ? ['GET', 'MERGE', 'GET'] : ['PATCH']);
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

  it('one request for accessors that are asked in one tick', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A' });
    await verbs();
    await Promise.all([row.getContacts(), row.getContacts(), row.getContacts()]);
    expect(await verbs()).toEqual(['GET']);
  });

  it('one request for the getters of many rows, each with its own', async () => {
    const { Organisation } = world.models;
    const keys = Array.from({ length: 12 }, () => randomUUID() as string);
    await world.sandbox.load(
      'account',
      keys.map((AccountId) => ({ AccountId, Name: `Fictional ${AccountId}` })),
    );
    await world.sandbox.load(
      'contact',
      keys.flatMap((key, index) =>
        Array.from({ length: index % 3 }, (_, nth) => ({
          ContactId: randomUUID(),
          LastName: `Example ${nth}`,
          ParentCustomerId: key,
        })),
      ),
    );
    const rows = await Organisation.findAll();
    for (const expected of ['nothing here yet', 'all of it here']) {
      await verbs();
      const contacts = await Promise.all(rows.map((row) => row.getContacts()));
      expect([expected, await verbs()]).toEqual([expected, ['GET']]);
      const counts = new Map(rows.map((row, at) => [row.legacyId, contacts[at]?.length]));
      expect(keys.map((key) => counts.get(key))).toEqual(keys.map((_, index) => index % 3));
      const owners = contacts.flatMap((some, at) =>
        some.map(({ organisationId }) => organisationId === rows[at]?.id),
      );
      expect(owners.every(Boolean)).toBe(true);
    }
  });

  it('a few requests for many findByPk of one tick, whatever has become of the records', async () => {
    const { Organisation } = world.models;
    const keys = Array.from({ length: 200 }, () => randomUUID() as string);
    await world.sandbox.load(
      'account',
      keys.map((AccountId, index) => ({ AccountId, Name: `Fictional ${index}` })),
    );
    const rows = await Organisation.findAll();
    const [edited, deleted] = [String(rows[7]?.legacyId), String(rows[8]?.legacyId)];
    await world.sandbox.editAsLegacyUser('account', edited, { Name: 'Edited' });
    await world.sandbox.deleteAsLegacyUser('account', deleted);
    await verbs();
    const found = await Promise.all(rows.map(({ id }) => Organisation.findByPk(id)));
    const sent = await verbs();
    // The deleted one is asked for by key, twice at most.
    expect(sent.length).toBeLessThanOrEqual(is2011 ? 12 : 4);
    expect(found.map((row) => row?.name)).toEqual(
      rows.map(({ legacyId, name }) =>
        legacyId === deleted ? undefined : legacyId === edited ? 'Edited' : name,
      ),
    );
  });

  it('a request of its own for what is asked for when others are under way', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A' });
    await verbs();
    await world.sandbox.delayNext({ delayMs: 100, times: 1 });
    const early = Organisation.findByPk(row.id);
    await until(async () => (await world.sandbox.journal()).length > 0);
    await world.sandbox.editAsLegacyUser('account', String(row.legacyId), { Name: 'B' });
    const late = Organisation.findByPk(row.id);
    expect((await late)?.name).toBe('B');
    await early;
    expect(await verbs()).toEqual(['GET', 'GET']);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
