import { Product, Purchase, PurchaseLine } from './domain';
import { setsOf } from './records';
import { type ForeignWorld, openForeignWorld } from './world';
import { worlds } from './worlds';

const deactivate = { property: 'IsSold', active: false, inactive: true };

describe.each(worlds)('%s: records that are made inactive', (_name, options) => {
  let world: ForeignWorld;

  beforeAll(async () => {
    world = await openForeignWorld({ ...options, onDestroy: { deactivate } });
  });
  afterAll(() => world.close());

  const sold = (): Record<string, unknown> => {
    const rows = world.server.store.all(setsOf(world.server).products).map(({ row }) => row);
    return Object.fromEntries(rows.map((row) => [String(row.ProductName), row.IsSold]));
  };
  const names = async (): Promise<string[]> =>
    (await Product.findAll()).map(({ name }) => name).sort();

  it('are so by a property of their own, and come back as the same', async () => {
    const tea = await Product.create({ name: 'Tea', stock: 1 });
    await Product.create({ name: 'Rye', stock: 2 });
    expect(sold()).toEqual({ Tea: false, Rye: false });
    const purchase = await Purchase.create({ number: '7' });
    await PurchaseLine.create({ quantity: 1, purchaseId: purchase.id, productId: tea.id });
    await expect(tea.destroy()).rejects.toThrow(/foreign key/);
    await PurchaseLine.destroy({ where: {} });
    await tea.destroy();
    expect(sold()).toEqual({ Tea: true, Rye: false });
    expect(await names()).toEqual(['Rye']);
    expect(await Product.count()).toBe(1);
    const [deleted] = await Product.deletedVersions();
    const back = await deleted?.restore();
    expect([back?.legacyId, back?.isSold]).toEqual([tea.legacyId, false]);
    expect(sold()).toEqual({ Tea: false, Rye: false });
    expect(await names()).toEqual(['Rye', 'Tea']);
    await expect(
      world.sequelize.transaction(async (transaction) => {
        await Product.destroy({ where: {}, transaction });
        throw new Error('The caller has thought better of it.');
      }),
    ).rejects.toThrow('thought better');
    expect(sold()).toEqual({ Tea: false, Rye: false });
    await Product.destroy({ where: {} });
    expect(sold()).toEqual({ Tea: true, Rye: true });
    expect(await names()).toEqual([]);
  });
});
