import { randomUUID } from 'node:crypto';
import { RejectedRecordError } from '../../src';
import { openForeignWorld, type ForeignWorld } from '../foreign/world';
import { Product } from '../foreign/domain';
import { Ticks } from '../foreign/server/edm';

describe('records that PostgreSQL cannot hold as they are', () => {
  let world: ForeignWorld;

  beforeAll(async () => {
    world = await openForeignWorld({ version: 4 });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.server.store.clear();
    await Product.destroy({ where: {}, skipLegacy: true });
  });

  const put = (values: Record<string, unknown>): string => {
    const set = world.server.store.set('Products');
    const row = { ProductName: 'Fictional', Stock: 1, ...values };
    const { row: stored } = world.server.store.insert(set, row, randomUUID());
    return String(stored.ProductID);
  };

  it.each([
    ['a NUL character', { Note: 'before\u0000after' }],
    ['half a surrogate pair', { Note: 'before\ud83dafter' }],
    ['the other half', { Note: '\ude00' }],
  ])(
    '%s: the record is rejected and named, the others of its page are kept',
    async (_name, values) => {
      for (let good = 0; good < 5; good += 1) put({ ProductName: `Good ${good}` });
      const bad = put({ ProductName: 'Bad', ...values });
      const error = await Product.findAll().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RejectedRecordError);
      expect((error as RejectedRecordError).records.map(({ legacyId }) => legacyId)).toEqual([bad]);
      expect(await Product.count({ skipLegacy: true })).toBe(5);
      await expect(Product.findAll({ where: { name: 'Good 1' } })).resolves.toHaveLength(1);
    },
  );

  it('all other characters are kept as they came', async () => {
    const note = '\u0001\u001f\u007f\u0085\u2028\u202e\ufeff\ufffe\ud83d\ude00\'"\\${x}%s--;/*';
    put({ Note: note });
    const [product] = await Product.findAll();
    expect(product?.note).toBe(note);
    // And again: what is stored is what the service has, so nothing is stored anew.
    const [again] = await Product.findAll();
    expect(again?.note).toBe(note);
  });

  it('the last instant of year 9999 is kept', async () => {
    put({ ProductName: 'Good' });
    const last = Ticks.parse('9999-12-31T23:59:59.999Z', 'required');
    const bad = put({ ProductName: 'Late', CheckedAt: last });
    const products = await Product.findAll();
    expect(products).toHaveLength(2);
    expect(products.find(({ legacyId }) => legacyId === bad)?.checkedAt?.toISOString()).toBe(
      '9999-12-31T23:59:59.999Z',
    );
  });
});
