import { allHere, allThere, shownHere, shownThere } from './both-sides';
import { Category, Product, Purchase, PurchaseLine } from './domain';
import { setsOf } from './records';
import type { Stored } from './server/store';
import { type ForeignWorld, openForeignWorld } from './world';
import { worlds } from './worlds';

const everything = {
  name: "Tea's <best> & /Date(0)/ 100%",
  note: '',
  price: '12.5000',
  weight: '0.30000000000000004',
  stock: 7,
  barcode: 5_000_000_000_123,
  isSold: false,
  releasedOn: '2024-02-29',
  checkedAt: new Date('2026-03-29T01:30:00.007Z'),
  colour: 'green',
  batch: 'a3bb189e-8bf9-4c8c-9f0f-3d1f2b1c0e11',
};

describe.each(worlds)('%s: writing', (_name, options) => {
  let world: ForeignWorld;

  beforeAll(async () => {
    world = await openForeignWorld(options);
  });

  beforeEach(() => {
    world.server.faults.lostReplies = 0;
    world.server.faults.unavailable = 0;
  });

  afterAll(async () => {
    await world.close();
  });

  const recordOf = ({ legacyId }: { legacyId: string | null }): Stored => {
    const { store } = world.server;
    const found = store.find(setsOf(world.server).products, legacyId ?? '');
    if (found === undefined) throw new Error('the service does not have it');
    return found;
  };

  const expectAgreement = async (): Promise<void> => {
    expect(await allHere()).toEqual(allThere(world));
  };

  it('creates with a value of each kind', async () => {
    const category = await Category.create({ title: 'Drinks' });
    const product = await Product.create({ ...everything, categoryId: category.id });
    expect(shownThere(recordOf(product).row)).toEqual(shownHere(product));
    expect(recordOf(product).row.CategoryID).toBe(category.legacyId);
    expect(recordOf(product).row.Note).toBe('');
    await expectAgreement();
  });

  it('creates with hardly a value', async () => {
    const product = await Product.create({ name: ' ', stock: 0 });
    expect(shownThere(recordOf(product).row)).toEqual(shownHere(product));
    await expectAgreement();
  });

  it('sends what has changed, and keeps what others have changed', async () => {
    const product = await Product.create({ ...everything });
    world.server.store.update(setsOf(world.server).products, recordOf(product), { Stock: 99 });
    const changes = { name: 'tea', note: null, checkedAt: null, price: '-0.0001', isSold: true };
    await product.update(changes);
    expect(recordOf(product).row).toMatchObject({ Stock: 99, ProductName: 'tea', Note: null });
    expect(product.stock).toBe(99);
    await product.update({ note: '', weight: '1e-7', releasedOn: '1999-12-31', barcode: 1 }).then(
      () => Promise.reject(new Error('an exponent is no plain notation')),
      () => product.reload(),
    );
    await product.update({ note: '', weight: '0.0000001', releasedOn: '1999-12-31', barcode: 1 });
    expect(recordOf(product).row).toMatchObject({ Note: '', Weight: 1e-7, Barcode: 1n });
    await expectAgreement();
  });

  it('deletes', async () => {
    const product = await Product.create({ ...everything });
    await product.destroy();
    expect(() => recordOf(product)).toThrow(/does not have it/);
    await expectAgreement();
  });

  it('deletes what is gone over there already', async () => {
    const product = await Product.create({ ...everything });
    world.server.store.delete(setsOf(world.server).products, product.legacyId ?? '');
    await product.destroy();
    await expectAgreement();
  });

  it('takes everything back when the transaction is rolled back', async () => {
    const kept = await Product.create({ ...everything });
    const doomed = await Product.create({ ...everything, name: 'Coffee' });
    const before = allThere(world);
    const work = world.sequelize.transaction(async (transaction) => {
      await Product.create({ ...everything, name: 'new' }, { transaction });
      await kept.update({ name: 'changed', checkedAt: null, note: 'x' }, { transaction });
      await doomed.destroy({ transaction });
      throw new Error('enough');
    });
    await expect(work).rejects.toThrow('enough');
    expect(allThere(world)).toEqual(before);
    await expectAgreement();
  });

  it('commits several writes as one', async () => {
    const doomed = await Product.create({ ...everything, name: 'doomed' });
    await world.sequelize.transaction(async (transaction) => {
      const product = await Product.create({ ...everything, name: 'first' }, { transaction });
      await product.update({ stock: 1 }, { transaction });
      await doomed.destroy({ transaction });
    });
    await expectAgreement();
  });

  it('links many to many', async () => {
    const product = await Product.create({ ...everything });
    const purchase = await Purchase.create({ number: 'P-1', placedAt: new Date() });
    await PurchaseLine.create({ quantity: 2, purchaseId: purchase.id, productId: product.id });
    const [found] = await purchase.getProducts();
    expect(found?.id).toBe(product.id);
    await expect(product.getPurchases()).resolves.toHaveLength(1);
  });

  it('creates many at a time', async () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ ...everything, name: `p${index}` }));
    await Product.bulkCreate(many);
    await expectAgreement();
    await Product.update({ stock: 3 }, { where: { name: ['p1', 'p2'] } });
    await Product.destroy({ where: { name: ['p3', 'p4'] } });
    await expectAgreement();
  });

  it('is in doubt of an update whose reply is lost, and settles it', async () => {
    const product = await Product.create({ ...everything });
    world.server.faults.lostReplies = 1;
    await expect(product.update({ stock: 1, note: 'lost' })).rejects.toThrow();
    await world.dualWrite.recover();
    await Product.findAll();
    await expectAgreement();
  });

  it('knows that a refused write has not been carried out', async () => {
    const product = await Product.create({ ...everything });
    world.server.faults.unavailable = 1;
    await expect(product.update({ stock: 2 })).rejects.toThrow();
    await world.dualWrite.recover();
    await expectAgreement();
  });

  it('finds a create again whose reply is lost', async () => {
    if (options.variation?.clientKeys !== undefined) return;
    world.server.faults.lostReplies = 1;
    await expect(Product.create({ ...everything, name: 'lost' })).rejects.toThrow();
    await world.dualWrite.recover();
    await Product.findAll();
    await expectAgreement();
  });

  it('finishes a delete whose reply is lost', async () => {
    const product = await Product.create({ ...everything, name: 'gone' });
    world.server.faults.lostReplies = 1;
    await product.destroy().catch(() => undefined);
    await world.dualWrite.recover();
    await Product.findAll();
    await expectAgreement();
  });
});
