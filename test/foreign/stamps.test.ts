import { QueryTypes } from 'sequelize';
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
});
