import { SyncConflictError } from '../../src';
import { Product } from './domain';
import { setsOf } from './records';
import type { Row } from './server/schema';
import { type ForeignOptions, type ForeignWorld, openForeignWorld } from './world';

const servers: readonly (readonly [string, Pick<ForeignOptions, 'version' | 'variation'>])[] = [
  ['OData 2', { version: 2 }],
  ['OData 2 without ETags', { version: 2, variation: { etags: 'none' } }],
  ['OData 4', { version: 4 }],
  ['OData 4 with required ETags', { version: 4, variation: { etags: 'required' } }],
];

describe.each(servers)('%s: conflicts', (_name, options) => {
  let world: ForeignWorld;

  afterEach(async () => {
    await world.close();
  });

  const open = async (conflict: ForeignOptions['conflict']): Promise<Product> => {
    world = await openForeignWorld({ ...options, conflict });
    return Product.create({ name: 'Tea', note: 'ours', stock: 1 });
  };

  const there = (product: Product): Row => {
    const { store } = world.server;
    return store.find(setsOf(world.server).products, product.legacyId ?? '')?.row ?? {};
  };

  const changeThere = (product: Product, values: Row): void => {
    const { store } = world.server;
    const stored = store.find(setsOf(world.server).products, product.legacyId ?? '');
    if (stored === undefined) throw new Error('the service does not have it');
    store.update(setsOf(world.server).products, stored, values);
  };

  it('the last write wins, by field', async () => {
    const product = await open('last-write-wins');
    changeThere(product, { Note: 'theirs', Stock: 2 });
    await product.update({ note: 'mine' });
    expect(there(product)).toMatchObject({ Note: 'mine', Stock: 2 });
  });

  it('a merge is refused only where both changed a field', async () => {
    const product = await open('merge');
    changeThere(product, { Stock: 2 });
    await product.update({ note: 'mine' });
    expect(there(product)).toMatchObject({ Note: 'mine', Stock: 2 });
    changeThere(product, { Note: 'theirs' });
    await expect(product.update({ note: 'mine again' })).rejects.toThrow(SyncConflictError);
    expect(there(product)).toMatchObject({ Note: 'theirs', Stock: 2 });
  });

  it('any change over there refuses', async () => {
    const product = await open('reject');
    changeThere(product, { Stock: 2 });
    await expect(product.update({ note: 'mine' })).rejects.toThrow(SyncConflictError);
    expect(there(product)).toMatchObject({ Note: 'ours', Stock: 2 });
  });

  it('a change since loading is looked at; one after every look refuses where there are ETags', async () => {
    const product = await open('last-write-wins');
    changeThere(product, { Note: 'theirs' });
    const { client } = world;
    const look = client.get.bind(client);
    client.get = async (...of) => {
      const record = await look(...of);
      changeThere(product, { Note: 'theirs again' });
      return record;
    };
    const saving = product.update({ note: 'mine' });
    const result = await saving.then(
      () => 'saved',
      (error: unknown) => (error as Error).name,
    );
    client.get = look;
    const hasEtags = options.variation?.etags !== 'none';
    expect(result).toBe(hasEtags ? 'LegacyConflictError' : 'saved');
    await Product.findAll();
    await product.reload({ skipLegacy: true });
    expect(product.note).toBe(there(product).Note);
  });
});
