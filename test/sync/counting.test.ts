import { randomUUID } from 'node:crypto';
import { Op } from 'sequelize';
import { datePart } from '../../src';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('counts, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(async () => {
    await world.reset();
    await world.sandbox.load(
      'account',
      Array.from({ length: 12 }, (_, index) => ({
        AccountId: randomUUID(),
        Name: `Fictional ${index}`,
        NumberOfEmployees: index % 3 === 0 ? null : index,
        optevia_FoundedOn: `${1990 + index}-06-01`,
      })),
    );
  });
  afterAll(() => world.close());

  const paths = async (): Promise<string[]> => {
    const entries = await world.sandbox.journal();
    await world.sandbox.clearJournal();
    return entries.map(({ url }) => (url.includes('/$count') ? 'count' : 'list'));
  };
  const isCounted = face === 'dataverse';

  it('come from the legacy system where its filter says the same', async () => {
    const { Organisation } = world.models;
    const where = { employees: { [Op.gte]: 4 } };
    expect(await Organisation.count({ where })).toBe(6);
    expect(await paths()).toEqual([isCounted ? 'count' : 'list']);
    expect(await Organisation.count({ where: datePart('year', 'foundedOn', 1995) })).toBe(1);
    expect(await paths()).toEqual([isCounted ? 'count' : 'list']);
    expect(await Organisation.count()).toBe(12);
    expect(await Organisation.count({ where: { name: { [Op.startsWith]: 'Fict' } } })).toBe(12);
    await paths();
    const page = await Organisation.findAndCountAll({ where, limit: 2, order: ['createdAt'] });
    expect([page.count, page.rows.length]).toEqual([6, 2]);
    expect((await paths()).sort()).toEqual(isCounted ? ['count', 'list'] : ['list', 'list']);
    const all = await Organisation.findAndCountAll({ where });
    expect([all.count, all.rows.length]).toEqual([6, 6]);
    expect(await paths()).toEqual(['list']);
  });

  it('are made here where rows of this side matter', async () => {
    const { Organisation } = world.models;
    const where = { employees: 4 };
    await Organisation.sequelize?.transaction(async (transaction) => {
      const row = await Organisation.findOne({ where, transaction, rejectOnEmpty: true });
      await row.update({ employees: 5 }, { transaction });
      expect(await Organisation.count({ where, transaction })).toBe(0);
    });
    const [row] = await Organisation.findAll({ where: { employees: 5 } });
    await row?.update({ employees: 4 }, { skipLegacy: true });
    await expect(Organisation.count({ where })).rejects.toThrow(/ahead of the legacy system/);
    await row?.destroy({ skipLegacy: true });
    expect(await Organisation.count({ where })).toBe(0);
    expect(await Organisation.count({ where: { employees: 5 } })).toBe(2);
  });

  it('group and tell apart as Sequelize does', async () => {
    const { Organisation } = world.models;
    const groups = await Organisation.count({ group: ['employees'] });
    expect(groups).toHaveLength(9);
    expect(await Organisation.count({ col: 'employees' })).toBe(8);
    expect(await Organisation.count({ distinct: true, col: 'employees' })).toBe(8);
  });
});
