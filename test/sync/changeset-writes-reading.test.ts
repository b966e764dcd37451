import { Op } from 'sequelize';
import type { Organisation } from '../../models';
import { openChangesetWorld, type ChangesetWorld } from '../support/changeset-world';

/** Ends a transaction that only looks at what it has written. */
class Enough extends Error {}

describe("reading in a transaction with writes: 'changeset'", () => {
  let world: ChangesetWorld;
  let rows: Organisation[];

  beforeAll(async () => {
    world = await openChangesetWorld();
  });
  beforeEach(async () => {
    await world.reset();
    const values = ['A', 'B', 'C', 'D'].map((name, index) => ({ name, employees: index + 1 }));
    rows = await world.models.Organisation.bulkCreate(values);
  });
  afterAll(() => world.close());

  const at = (index: number): Organisation => {
    const row = rows[index];
    if (!row) throw new Error('There are four.');
    return row;
  };
  /** The work is rolled back, and the CRM has heard nothing of it. */
  const within = async (body: (transaction: object) => Promise<void>): Promise<void> => {
    const before = await world.sandbox.records('account');
    const work = world.sequelize.transaction(async (transaction) => {
      await body({ transaction });
      throw new Enough();
    });
    await expect(work).rejects.toThrow(Enough);
    expect(await world.sandbox.records('account')).toEqual(before);
    expect(await world.names()).toEqual(['A', 'B', 'C', 'D']);
  };
  const names = (found: readonly Organisation[]): string => found.map(({ name }) => name).join('');

  it('shows what was written, by any condition, order and page', async () => {
    const { Organisation } = world.models;
    await within(async ({ transaction }: { transaction?: never }) => {
      await at(0).update({ employees: 9 }, { transaction });
      await at(1).destroy({ transaction });
      await Organisation.create({ name: 'E', employees: 2 }, { transaction });
      const all = await Organisation.findAll({ order: ['name'], transaction });
      expect(names(all)).toBe('ACDE');
      expect(all[0]?.employees).toBe(9);
      const where = { employees: { [Op.gte]: 3 } };
      const few = await Organisation.findAll({ where, order: ['name'], transaction });
      expect(names(few)).toBe('ACD');
      const page = { order: [['employees', 'ASC']], transaction } as never;
      expect(names(await Organisation.findAll({ ...(page as object), limit: 2 }))).toBe('EC');
      const second = { ...(page as object), limit: 2, offset: 2 };
      expect(names(await Organisation.findAll(second))).toBe('DA');
      expect(await Organisation.count({ where, transaction })).toBe(3);
      expect(await Organisation.sum('employees', { transaction })).toBe(18);
      expect(await Organisation.max('employees', { transaction })).toBe(9);
      const both = await Organisation.findAndCountAll({ where, limit: 1, transaction });
      expect(both.count).toBe(3);
      await all[3]?.reload({ transaction });
      expect(await Organisation.findByPk(at(1).id, { transaction })).toBeNull();
    });
  });

  it('asks for as much more of a page as it has changed itself', async () => {
    const { Organisation } = world.models;
    for (const name of ['X', 'Y', 'Z']) {
      await world.sandbox.createAsLegacyUser('account', { Name: name, NumberOfEmployees: 5 });
    }
    const work = world.sequelize.transaction(async (transaction) => {
      await at(0).update({ employees: 100 }, { transaction });
      await at(1).destroy({ transaction });
      const page = { order: [['employees', 'ASC']], limit: 5, transaction } as never;
      const found = await Organisation.findAll(page);
      expect(found.map(({ employees }) => employees)).toEqual([3, 4, 5, 5, 5]);
      throw new Enough();
    });
    await expect(work).rejects.toThrow(Enough);
  });

  it('shows what belongs to what was written, the CRM’s own records too', async () => {
    const { Organisation, Contact, Sector } = world.models;
    const [steel, wood] = await Sector.bulkCreate([{ name: 'Steel' }, { name: 'Wood' }]);
    await at(0).update({ sectorId: steel?.id });
    await world.sandbox.createAsLegacyUser('contact', {
      LastName: 'Unseen',
      ParentCustomerId: at(0).legacyId,
    });
    await within(async ({ transaction }: { transaction?: never }) => {
      await at(0).update({ sectorId: wood?.id, employees: 50 }, { transaction });
      const made = await Organisation.create({ name: 'E', employees: 50 }, { transaction });
      await Contact.create({ lastName: 'Mine', organisationId: made.id }, { transaction });
      const found = await Organisation.findAll({
        where: { employees: 50 },
        include: ['sector', { association: 'contacts', required: true }],
        order: ['name'],
        transaction,
      });
      const shown = found.map(({ name, sector, contacts }) => [
        ...[name, sector?.name],
        contacts?.map(({ lastName }) => lastName),
      ]);
      expect(shown).toEqual([
        ['A', 'Wood', ['Unseen']],
        ['E', undefined, ['Mine']],
      ]);
      const ofWood = await Contact.findAll({
        include: [{ association: 'organisation', where: { employees: 50 }, required: true }],
        order: ['lastName'],
        transaction,
      });
      expect(ofWood.map(({ lastName }) => lastName)).toEqual(['Mine', 'Unseen']);
    });
  });

  it('keeps what was written from what CRM users do meanwhile, until it is sent', async () => {
    const { Organisation } = world.models;
    const transaction = await world.sequelize.transaction();
    await at(0).update({ employees: 9 }, { transaction });
    const made = await Organisation.create({ name: 'E' }, { transaction });
    await world.sandbox.editAsLegacyUser('account', String(at(0).legacyId), {
      NumberOfEmployees: 70,
      Telephone1: '07',
    });
    const again = await Organisation.findByPk(at(0).id, { transaction, rejectOnEmpty: true });
    expect(again.employees).toBe(9);
    const other = await Organisation.findByPk(made.id, { transaction, rejectOnEmpty: true });
    await other.update({ telephone: '05' }, { transaction });
    await transaction.commit();
    expect(again.employees).toBe(9);
    const [first] = await Organisation.findAll({ where: { name: 'A' } });
    expect(first?.get()).toMatchObject({ employees: 9, telephone: '07' });
    expect(other.get()).toMatchObject({ name: 'E', telephone: '05' });
    expect(made.telephone).toBe('05');
    expect(await world.names()).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('leaves to skipped calls what they change afterwards', async () => {
    const { Organisation } = world.models;
    await world.sequelize.transaction(async (transaction) => {
      await at(0).update({ employees: 9 }, { transaction });
      await at(0).update({ telephone: 'here' }, { transaction, skipLegacy: true });
      await at(1).update({ employees: 8 }, { transaction });
      await Organisation.skipLegacy().destroy({ where: { id: at(1).id }, transaction });
      await Organisation.create({ name: 'E' }, { transaction });
    });
    const local = Organisation.skipLegacy();
    const kept = await local.findByPk(at(0).id, { rejectOnEmpty: true });
    expect(kept.get()).toMatchObject({ employees: 9, telephone: 'here' });
    expect(Number(kept.modifiedAt)).toBeGreaterThan(Number(kept.legacyModifiedAt));
    expect(await local.findByPk(at(1).id)).toBeNull();
    const record = await world.sandbox.record('account', String(at(0).legacyId));
    expect(record).toMatchObject({ NumberOfEmployees: 9, Telephone1: null });
  });
});
