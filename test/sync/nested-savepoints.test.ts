import type { Transaction } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';

const faces: Face[] = ['dynamics2011', 'dataverse'];

describe.each(faces)('savepoints within savepoints, %s face', (face) => {
  let world: DualWorld;

  beforeAll(async () => {
    world = await openDualWorld({ face });
  });
  beforeEach(() => world.reset());
  afterAll(() => world.close());

  const within = (transaction: Transaction): Promise<Transaction> =>
    world.sequelize.transaction({ transaction });
  const create = (name: string, transaction: Transaction): Promise<unknown> =>
    world.models.Organisation.create({ name }, { transaction });
  /** The names on both sides, which must be the same. */
  const names = async (): Promise<string[]> => {
    const local = await world.models.Organisation.findAll({ freshness: 'local' } as object);
    const here = local.map(({ name }) => name).sort();
    const there = (await world.sandbox.records('account')).map(({ Name }) => String(Name)).sort();
    expect(there).toEqual(here);
    return here;
  };

  it('rolls the outer one back after writes in two within it', async () => {
    const root = await world.sequelize.transaction();
    await create('Root', root);
    const outer = await within(root);
    for (const name of ['First', 'Second']) {
      const inner = await within(outer);
      await create(name, inner);
      await inner.commit();
    }
    await outer.rollback();
    await create('Afterwards', root);
    await root.commit();
    expect(await names()).toEqual(['Afterwards', 'Root']);
  });

  it('rolls an inner one back, and keeps what the outer one has written', async () => {
    const root = await world.sequelize.transaction();
    const outer = await within(root);
    await create('Outer', outer);
    const inner = await within(outer);
    await create('Inner', inner);
    const innermost = await within(inner);
    await create('Innermost', innermost);
    await innermost.commit();
    await inner.rollback();
    await create('Outer again', outer);
    await outer.commit();
    await root.commit();
    expect(await names()).toEqual(['Outer', 'Outer again']);
  });

  it('rolls the outer one back when all were opened before the first call', async () => {
    const root = await world.sequelize.transaction();
    const outer = await within(root);
    const inner = await within(outer);
    const innermost = await within(inner);
    await create('Innermost', innermost);
    await innermost.commit();
    await create('Inner', inner);
    await inner.commit();
    await outer.rollback();
    await create('Root', root);
    await root.commit();
    expect(await names()).toEqual(['Root']);
  });

  it('rolls the outer one back after a statement that failed in one within it', async () => {
    const root = await world.sequelize.transaction();
    const outer = await within(root);
    const inner = await within(outer);
    await create('Inner', inner);
    await expect(world.sequelize.query('SELECT 1 / 0', { transaction: inner })).rejects.toThrow();
    await outer.rollback();
    await create('Root', root);
    await root.commit();
    expect(await names()).toEqual(['Root']);
  });

  it.each(['before', 'after'])('serves findOrCreate in one, %s another write', async (when) => {
    const { Organisation } = world.models;
    const root = await world.sequelize.transaction();
    await create('Root', root);
    const outer = await within(root);
    if (when === 'after') await create('Written', outer);
    const found = { where: { name: 'Found or created' }, transaction: outer };
    expect((await Organisation.findOrCreate(found))[1]).toBe(true);
    expect((await Organisation.findOrCreate(found))[1]).toBe(false);
    if (when === 'before') await create('Written', outer);
    await outer.rollback();
    await root.commit();
    expect(await names()).toEqual(['Root']);
  });

  it('serves findOrCreate as the first call in a savepoint', async () => {
    const root = await world.sequelize.transaction();
    const outer = await within(root);
    const found = { where: { name: 'Found or created' }, transaction: outer };
    await world.models.Organisation.findOrCreate(found);
    await outer.rollback();
    await create('Root', root);
    await root.commit();
    expect(await names()).toEqual(['Root']);
  });
});
