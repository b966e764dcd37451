import { createNamespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { revision, skipLegacy } from '../../src';
import { openSequelize } from '../support/database';
import { openDualWorld, type DualWorld } from '../support/dual-world';

describe('transactions that are found through cls-hooked', () => {
  const namespace = createNamespace('cls-test');
  let world: DualWorld;
  let other: Sequelize;

  beforeAll(async () => {
    Sequelize.useCLS(namespace);
    world = await openDualWorld({ namespace });
    other = openSequelize(world.database);
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    expect(await world.sandbox.pendingFaults()).toEqual([]);
  });
  afterAll(async () => {
    await other.close();
    await world.close();
    delete (Sequelize as unknown as { _cls?: unknown })._cls;
  });

  const accounts = async (): Promise<unknown[]> =>
    (await world.sandbox.records('account')).map((record) => record.Name).sort();

  it('writes and reads in it, and undoes all of it', async () => {
    const { Organisation } = world.models;
    await expect(
      world.sequelize.transaction(async () => {
        const row = await Organisation.create({ name: 'A' });
        await row.update({ name: 'B' });
        expect(await Organisation.count()).toBe(1);
        expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['B']);
        expect((await Organisation.findAll({ attributes: ['name'] })).length).toBe(1);
        throw new Error('Changed my mind');
      }),
    ).rejects.toThrow('Changed my mind');
    expect(await accounts()).toEqual([]);
    expect(await Organisation.count()).toBe(0);
  });

  it('commits with everything in it, versions included', async () => {
    const { Organisation } = world.models;
    const row = await Organisation.create({ name: 'A' });
    await revision({ user: 'Ada Example' }, () =>
      world.sequelize.transaction(async () => {
        await Organisation.findOrCreate({ where: { name: 'B' } });
        await row.destroy();
      }),
    );
    expect(await accounts()).toEqual(['B']);
    expect((await Organisation.findAll()).map(({ name }) => name)).toEqual(['B']);
    const [deleted] = await Organisation.deletedVersions();
    expect(deleted?.revision.user).toBe('Ada Example');
  });

  it('keeps parallel transactions apart', async () => {
    const { Organisation } = world.models;
    const one = async (index: number): Promise<void> => {
      await world.sequelize.transaction(async () => {
        await Organisation.create({ name: `New ${index}` });
        await Organisation.count();
        if (index % 2 === 1) throw new Error('odd');
        await skipLegacy(() => Organisation.findAll());
      });
    };
    const results = await Promise.allSettled([0, 1, 2, 3].map(one));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(
      results.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
    ).toEqual(['Error: odd', 'Error: odd']);
    expect(await accounts()).toEqual(['New 0', 'New 2']);
    expect(await Organisation.count()).toBe(2);
  });

  it('does not write into the transaction of another Sequelize', async () => {
    const { Organisation } = world.models;
    await other
      .transaction(async () => {
        // By Sequelize's own rule these run on the other's connection; nothing may be half written.
        await Organisation.create({ name: 'A' }, { transaction: null });
        await Organisation.findAll({ transaction: null });
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    expect(await accounts()).toEqual(['A']);
    expect(await Organisation.count()).toBe(1);
    await other
      .transaction(async () => {
        await Organisation.create({ name: 'B' });
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    const here = (await Organisation.findAll({ order: ['name'] })).map(({ name }) => name);
    expect(here).toEqual(await accounts());
  });

  it('lets what is not awaited run after the end, or fail plainly', async () => {
    const { Organisation } = world.models;
    await Organisation.create({ name: 'A' });
    let late: Promise<unknown> = Promise.resolve();
    await world.sequelize.transaction(async () => {
      await Organisation.create({ name: 'B' });
      late = new Promise((resolve) => setTimeout(resolve, 300)).then(() =>
        Organisation.create({ name: 'C' }),
      );
    });
    await late;
    expect(await accounts()).toEqual(['A', 'B', 'C']);
    expect(await Organisation.count()).toBe(3);
  });

  it('keeps both sides equal when a write is not awaited before COMMIT', async () => {
    const { Organisation } = world.models;
    let late: Promise<unknown> = Promise.resolve();
    await world.sequelize.transaction(async () => {
      await Organisation.count();
      late = Organisation.create({ name: 'D' });
      late.catch(() => undefined);
    });
    await late.catch(() => undefined);
    const here = (await Organisation.findAll({ order: ['name'] })).map(({ name }) => name);
    expect(here).toEqual(await accounts());
  });
});
