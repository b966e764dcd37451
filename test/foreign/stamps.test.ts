import { QueryTypes } from 'sequelize';
import type { LegacyRecord } from '../../legacy-client';
import { applyAnswer } from '../../src/sync/refresh/apply';
import { refreshScope } from '../../src/sync/refresh/scope';
import { syncedModel } from '../../src/sync/runtime';
import { Purchase } from './domain';
import { setsOf } from './records';
import { type ForeignWorld, openForeignWorld } from './world';

describe('a service without stamps', () => {
  let world: ForeignWorld;

  beforeAll(async () => {
    world = await openForeignWorld({ version: 4, stamps: false });
  });

  afterAll(async () => {
    await world.close();
  });

  const rowsAhead = async (): Promise<unknown> => {
    const [row] = await world.sequelize.query<{ ahead: number }>(
      'SELECT count(*)::int AS ahead FROM purchases WHERE modified_at <> legacy_modified_at',
      { type: QueryTypes.SELECT },
    );
    return row?.ahead;
  };

  it('leaves no row ahead of itself, however many are stored at a time', async () => {
    const { store } = world.server;
    const { purchases } = setsOf(world.server);
    for (let count = 0; count < 5000; count += 1) {
      store.insert(purchases, { Number: `P-${count}` });
    }
    await expect(Purchase.findAll()).resolves.toHaveLength(5000);
    await expect(rowsAhead()).resolves.toBe(0);
    for (const stored of store.all(purchases)) store.update(purchases, stored, { Number: 'all' });
    await expect(Purchase.count({ where: { number: 'all' } })).resolves.toBe(5000);
    await expect(rowsAhead()).resolves.toBe(0);
  });

  it('lets no answer replace one that was asked for later', async () => {
    const { store } = world.server;
    const { purchases } = setsOf(world.server);
    const stored = store.insert(purchases, { Number: 'before' });
    await Purchase.findAll();
    const { runtime, mapping } = syncedModel('Purchase', world.sequelize);
    const numbers = (): Promise<number[]> =>
      Promise.all(
        ['before', 'after'].map((number) =>
          Purchase.count({ where: { number }, freshness: 'local' }),
        ),
      );
    const askedAt = await runtime.clock.now();
    const records: LegacyRecord[] = [];
    const filter = { op: 'eq', property: { name: 'Number', kind: 'string' } } as const;
    const query = { filter: { ...filter, value: 'before' } };
    for await (const page of runtime.client.pages(mapping.entity, query)) records.push(...page);
    expect(records).toHaveLength(1);
    store.update(purchases, stored, { Number: 'after' });
    await Purchase.findAll();
    expect(await numbers()).toEqual([0, 1]);
    // What the slower one has to say is older.
    await applyAnswer(refreshScope(runtime), { mapping, records, askedAt });
    expect(await numbers()).toEqual([0, 1]);
    const later = await runtime.clock.now();
    await applyAnswer(refreshScope(runtime), { mapping, records, askedAt: later });
    expect(await numbers()).toEqual([1, 0]);
  });
});
