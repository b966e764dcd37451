import { Op, type Order } from 'sequelize';
import { allThere, byKey, shownHere } from './both-sides';
import { conditions } from './conditions';
import { Category, Product, Purchase } from './domain';
import { disturb, fill, numbers, setsOf } from './records';
import type { Row } from './server/schema';
import { type ForeignWorld, openForeignWorld } from './world';
import { worlds } from './worlds';

describe.each(worlds)('%s: reading', (_name, options) => {
  let world: ForeignWorld;
  const next = numbers(options.version * 1000 + 7);

  beforeAll(async () => {
    world = await openForeignWorld(options);
    fill(world.server, options.version, next);
  });

  afterAll(async () => {
    await world.close();
  });

  const rows = (): Row[] => {
    const { store } = world.server;
    return store.all(setsOf(world.server).products).map(({ row }) => row);
  };

  const keysOf = (found: readonly Product[]): (string | null)[] =>
    found.map(({ legacyId }) => legacyId).sort();

  it.each(conditions)('finds $name', async ({ where, matches }) => {
    disturb(world.server, options.version, next);
    const expected = rows()
      .filter((row) => matches(row))
      .map((row) => String(row.ProductID))
      .sort();
    await expect(Product.findAll({ where }).then(keysOf)).resolves.toEqual(expected);
    await expect(Product.count({ where })).resolves.toBe(expected.length);
    // Stored now, everything but what is unlike the service's must be found again.
    await expect(Product.findAll({ where }).then(keysOf)).resolves.toEqual(expected);
  });

  it('gives the values that the service has', async () => {
    disturb(world.server, options.version, next);
    const found = await Product.findAll();
    expect(found.map(shownHere).sort(byKey)).toEqual(allThere(world));
  });

  const orders: readonly Order[] = [
    [
      ['stock', 'DESC'],
      ['id', 'ASC'],
    ],
    [
      ['price', 'ASC'],
      ['id', 'ASC'],
    ],
    [
      ['releasedOn', 'DESC NULLS LAST'],
      ['id', 'ASC'],
    ],
    [
      ['checkedAt', 'ASC'],
      ['id', 'ASC'],
    ],
    [
      ['name', 'ASC'],
      ['id', 'ASC'],
    ],
  ];

  it.each(orders.map((order) => ({ order, by: JSON.stringify(order) })))(
    'gives pages by $by as PostgreSQL gives them from the same data',
    async ({ order }) => {
      disturb(world.server, options.version, next);
      for (const [limit, offset] of [
        [5, 0],
        [7, 20],
        [10, 55],
      ] as const) {
        const page = await Product.findAll({ order, limit, offset });
        await Product.findAll();
        const right = await Product.findAll({ order, limit, offset, skipLegacy: true });
        expect(page.map(({ id }) => id)).toEqual(right.map(({ id }) => id));
      }
    },
  );

  it('gives first pages by columns that the service can sort', async () => {
    for (const order of ['stock', 'barcode', 'checkedAt', 'releasedOn', 'weight', 'createdAt']) {
      for (const direction of ['ASC', 'DESC']) {
        disturb(world.server, options.version, next);
        const page = await Product.findAll({ order: [[order, direction]], limit: 6 });
        await Product.findAll();
        const right = await Product.findAll({
          order: [[order, direction]],
          limit: 6,
          skipLegacy: true,
        });
        const values = (of: Product[]): unknown[] => of.map((one) => one.get(order));
        expect([order, direction, values(page)]).toEqual([order, direction, values(right)]);
      }
    }
  });

  it('includes what belongs to what', async () => {
    disturb(world.server, options.version, next);
    const { store } = world.server;
    const sets = setsOf(world.server);
    const categories = await Category.findAll({
      where: { title: { [Op.iLike]: 'd%' } },
      include: ['products', 'parent'],
    });
    expect(categories.map(({ title }) => title).sort()).toEqual(['Drinks', 'drinks']);
    for (const category of categories) {
      const expected = rows().filter(({ CategoryID }) => CategoryID === category.legacyId);
      const keys = expected.map(({ ProductID }) => String(ProductID)).sort();
      expect(keysOf(category.products ?? [])).toEqual(keys);
    }
    const purchase = await Purchase.findOne({ where: { number: 'P-3' }, include: 'products' });
    const lines = store.all(sets.lines).filter(({ row }) => row.PurchaseID === purchase?.legacyId);
    expect(keysOf(purchase?.products ?? [])).toEqual(
      lines.map(({ row }) => String(row.ProductID)).sort(),
    );
    const required = await Product.findAll({
      include: [{ model: Category, as: 'category', required: true, where: { title: 'Drinks' } }],
    });
    const [drinks] = store.all(sets.categories);
    expect(keysOf(required)).toEqual(
      rows()
        .filter(({ CategoryID }) => CategoryID === drinks?.row.CategoryID)
        .map(({ ProductID }) => String(ProductID))
        .sort(),
    );
  });

  it('sums, counts and finds extremes', async () => {
    disturb(world.server, options.version, next);
    const stocks = rows().map(({ Stock }) => Number(Stock));
    await expect(Product.sum('stock')).resolves.toBe(stocks.reduce((sum, one) => sum + one, 0));
    await expect(Product.max('stock')).resolves.toBe(Math.max(...stocks));
    const many = rows().map(({ ProductID }) => String(ProductID));
    await expect(Product.count({ where: { legacyId: many } })).resolves.toBe(many.length);
  });
});
