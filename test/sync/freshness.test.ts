import { randomUUID } from 'node:crypto';
import type { Freshness } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { joinProcess, type Process } from '../support/following';

const faces: Face[] = ['dynamics2011', 'dataverse'];
const minute: Freshness = { maxAgeMs: 60_000 };

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(faces)('answers of a certain age, %s face', (face) => {
  let world: DualWorld;

  beforeEach(async () => {
    world = await openDualWorld({ face });
  });
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
    await world.close();
  });

  const account = async (name: string, more: object = {}): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('account', [{ AccountId: key, Name: name, ...more }]);
    return key;
  };
  const contact = async (account: string, name: string): Promise<string> => {
    const key = randomUUID();
    await world.sandbox.load('contact', [
      { ContactId: key, LastName: name, ParentCustomerId: account },
    ]);
    return key;
  };
  const requests = async (): Promise<number> => (await world.legacyCalls()).length;

  it('asks once, and again when the answer is too old', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    const freshness = { maxAgeMs: 400 };
    const read = async (): Promise<string[]> =>
      (await Organisation.findAll({ freshness })).map(({ name }) => name);
    expect(await read()).toEqual(['A']);
    expect(await requests()).toBe(1);
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
    expect(await read()).toEqual(['A']);
    expect(await requests()).toBe(0);
    await rest(450);
    expect(await read()).toEqual(['B']);
    expect(await requests()).toBe(1);
    await world.sandbox.deleteAsLegacyUser('account', key);
    expect(await read()).toEqual(['B']);
    await rest(450);
    expect(await read()).toEqual([]);
    await requests();
  });

  it('takes an exact read for its own, and is none for exact reads', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    const where = { name: 'A' };
    await Organisation.findAll({ where });
    expect(await requests()).toBe(1);
    expect(await Organisation.findAll({ where, freshness: minute })).toHaveLength(1);
    expect(await requests()).toBe(0);
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 7 });
    expect((await Organisation.findOne({ where }))?.employees).toBe(7);
    expect(await requests()).toBe(1);
  });

  it('covers every narrower query by one of the whole model', async () => {
    const { Organisation } = world.models;
    const keys = [await account('A', { NumberOfEmployees: 1 }), await account('B')];
    const [first] = await Organisation.findAll({ freshness: minute, order: ['name'] });
    await requests();
    const found = await Promise.all([
      Organisation.findByPk(first?.id, { freshness: minute }),
      Organisation.findOne({ where: { name: 'B' }, freshness: minute }),
      Organisation.findOne({ where: { legacyId: keys[1] }, freshness: minute }),
    ]);
    expect(found.map((row) => row?.name)).toEqual(['A', 'B', 'B']);
    expect(await Organisation.count({ where: { employees: 1 }, freshness: minute })).toBe(1);
    expect(await Organisation.sum('employees', { freshness: minute })).toBe(1);
    const page = await Organisation.findAndCountAll({
      ...{ limit: 1, offset: 1, order: ['name'], freshness: minute },
    });
    expect([page.count, page.rows[0]?.name]).toEqual([2, 'B']);
    expect(await requests()).toBe(0);
  });

  it('asks for what another condition needs', async () => {
    const { Organisation } = world.models;
    await account('A', { NumberOfEmployees: 1 });
    await account('B', { NumberOfEmployees: 2 });
    await Organisation.findAll({ where: { employees: 1 }, freshness: minute });
    await requests();
    const both = await Organisation.findAll({ freshness: minute });
    expect(both).toHaveLength(2);
    expect(await requests()).toBe(1);
  });

  it('does not vouch for rows that came in no answer', async () => {
    const { Organisation } = world.models;
    const key = await account('A', { NumberOfEmployees: 1 });
    await Organisation.findAll();
    await world.sandbox.editAsLegacyUser('account', key, { NumberOfEmployees: 2 });
    await rest(30);
    const freshness = { maxAgeMs: 20 };
    // The legacy system is asked the same for both: the rest of the condition is local.
    const other = { employees: 1, internalNote: 'nobody has this' };
    expect(await Organisation.findAll({ where: other, freshness })).toEqual([]);
    expect(await requests()).toBeGreaterThan(0);
    const where = { employees: 1, internalNote: null };
    const since = { maxAgeMs: 1000 };
    const local = await Organisation.findAll({ where, freshness: 'local' });
    expect(local).toHaveLength(1);
    await rest(1000);
    await Organisation.findAll({ where: other, freshness: since });
    await requests();
    expect(await Organisation.findAll({ where, freshness: since })).toEqual([]);
    expect(await requests()).toBe(1);
  });

  it('shows what was written through the library at once', async () => {
    const { Organisation } = world.models;
    await account('A');
    await Organisation.findAll({ freshness: minute });
    const row = await Organisation.create({ name: 'B' });
    await row.update({ employees: 5 });
    await requests();
    const rows = await Organisation.findAll({ freshness: minute, order: ['name'] });
    expect(rows.map(({ name, employees }) => [name, employees])).toEqual([
      ['A', null],
      ['B', 5],
    ]);
    expect(await requests()).toBe(0);
    await row.destroy();
    await requests();
    expect(await Organisation.findAll({ freshness: minute })).toHaveLength(1);
    expect(await requests()).toBe(0);
  });

  it('shows what was written through the library in a narrow answer, too', async () => {
    const { Organisation } = world.models;
    const where = { employees: 5 };
    await Organisation.findAll({ where, freshness: minute });
    const row = await Organisation.create({ name: 'B', employees: 5 });
    await requests();
    expect(await Organisation.findAll({ where, freshness: minute })).toHaveLength(1);
    expect(await requests()).toBe(0);
    await row.update({ employees: 6 });
    await requests();
    expect(await Organisation.findAll({ where, freshness: minute })).toEqual([]);
    expect(await requests()).toBe(0);
  });

  it('needs every include to be new enough', async () => {
    const { Organisation, Contact } = world.models;
    const key = await account('A');
    const mine = await contact(key, 'Example');
    const options = { where: { name: 'A' }, include: ['contacts'], freshness: minute };
    await Organisation.findAll({ where: { name: 'A' }, freshness: minute });
    await requests();
    const [first] = await Organisation.findAll(options);
    expect(first?.contacts?.map(({ lastName }) => lastName)).toEqual(['Example']);
    // Only the include was asked for.
    expect(await requests()).toBe(1);
    await world.sandbox.editAsLegacyUser('contact', mine, { LastName: 'Specimen' });
    const [second] = await Organisation.findAll(options);
    expect(second?.contacts?.map(({ lastName }) => lastName)).toEqual(['Example']);
    expect(await requests()).toBe(0);
    await Contact.findAll();
    const [third] = await Organisation.findAll(options);
    expect(third?.contacts?.map(({ lastName }) => lastName)).toEqual(['Specimen']);
    expect(await requests()).toBe(1);
  });

  it('passes to getters, and to pages of one order', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await contact(key, 'Example');
    const row = await Organisation.findOne({ where: { name: 'A' } });
    await row?.getContacts({ freshness: minute });
    await requests();
    await row?.getContacts({ freshness: minute });
    expect(await requests()).toBe(0);
  });

  it('is exact in a transaction that has written, and above READ COMMITTED', async () => {
    const { Organisation } = world.models;
    const key = await account('A');
    await Organisation.findAll({ freshness: minute });
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
    await requests();
    await world.sequelize.transaction(async (transaction) => {
      const options = { transaction, freshness: minute };
      expect((await Organisation.findAll(options)).map(({ name }) => name)).toEqual(['A']);
      expect(await requests()).toBe(0);
      await Organisation.create({ name: 'C' }, { transaction });
      await requests();
      const names = (await Organisation.findAll(options)).map(({ name }) => name).sort();
      expect(names).toEqual(['B', 'C']);
      expect(await requests()).toBe(1);
    });
    await world.sandbox.editAsLegacyUser('account', key, { Name: 'D' });
    const isolationLevel = 'REPEATABLE READ' as never;
    await world.sequelize.transaction({ isolationLevel }, async (transaction) => {
      const rows = await Organisation.findAll({ transaction, freshness: minute });
      expect(rows.map(({ name }) => name).sort()).toEqual(['C', 'D']);
    });
  });

  it('still refuses rows that are ahead', async () => {
    const { Organisation } = world.models;
    await account('A');
    const [row] = await Organisation.findAll({ freshness: minute });
    await row?.update({ name: 'Local' }, { skipLegacy: true });
    await expect(Organisation.findAll({ freshness: minute })).rejects.toThrow(/ahead/);
    expect(await Organisation.findAll({ where: { name: 'X' }, freshness: minute })).toEqual([]);
  });

  it('hides rows whose records are gone although others refer to them', async () => {
    const { Contact, Interaction } = world.models;
    const key = await account('A');
    const mine = await contact(key, 'Example');
    await world.sandbox.load('optevia_interaction', [
      { optevia_interactionId: randomUUID(), optevia_Subject: 'Call', optevia_Contact: mine },
    ]);
    await Interaction.findAll();
    await world.sandbox.deleteAsLegacyUser('contact', mine);
    expect(await Contact.findAll({ freshness: minute })).toEqual([]);
    expect(await Contact.count({ skipLegacy: true })).toBe(1);
    await requests();
    expect(await Contact.findAll({ freshness: minute })).toEqual([]);
    expect(await Contact.count({ freshness: minute })).toBe(0);
    expect(await requests()).toBe(0);
  });

  it('refuses what is no freshness', async () => {
    const { Organisation } = world.models;
    const wrong: [unknown, typeof Error][] = [
      [{ maxAgeMs: -1 }, RangeError],
      [{ maxAgeMs: Number.NaN }, RangeError],
      [{ maxAgeMs: Number.POSITIVE_INFINITY }, RangeError],
      [{ maxAgeMs: '5000' }, TypeError],
      [{ maxAge: 5000 }, TypeError],
      [{}, TypeError],
      ['fresh', TypeError],
      [5000, TypeError],
    ];
    for (const [freshness, kind] of wrong) {
      const reading = Organisation.findAll({ freshness: freshness as Freshness });
      await expect(reading).rejects.toThrow(kind);
      await expect(reading).rejects.toThrow(/\[Organisation\].*maxAgeMs/);
    }
    expect(await requests()).toBe(0);
  });

  describe('with a second process', () => {
    let second: Process;

    const join = (freshness?: Freshness): Promise<Process> =>
      joinProcess(world, { face, ...(freshness && { freshness }) });
    afterEach(() => second.close());

    it('shares refreshes of a whole model', async () => {
      second = await join();
      const key = await account('A');
      await world.models.Organisation.findAll({ freshness: minute });
      expect(await requests()).toBe(1);
      await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
      const where = { name: 'A' };
      const { Organisation } = second.models;
      expect(await Organisation.findAll({ where, freshness: minute })).toHaveLength(1);
      expect(await Organisation.findAll({ freshness: minute })).toHaveLength(1);
      expect(await requests()).toBe(0);
      await rest(30);
      const [row] = await Organisation.findAll({ freshness: { maxAgeMs: 20 } });
      expect(row?.name).toBe('B');
      expect(await requests()).toBe(1);
    });

    it('takes what the connection says for reads that do not', async () => {
      second = await join(minute);
      const key = await account('A');
      const { Organisation } = second.models;
      await Organisation.findAll();
      await world.sandbox.editAsLegacyUser('account', key, { Name: 'B' });
      await requests();
      expect((await Organisation.findOne())?.name).toBe('A');
      expect(await requests()).toBe(0);
      expect((await Organisation.findOne({ freshness: 'exact' }))?.name).toBe('B');
    });
  });
});
