import { randomUUID } from 'node:crypto';
import { createLegacyClient, type LegacyEntity, type LegacyFilter } from '../../legacy-client';
import { entitySets } from './catalogue';
import { type ReferenceServer, startReferenceServer } from './server/start-server';
import type { Variation } from './server/variation';
import { Decimal, Ticks } from './server/edm';

const products: LegacyEntity = {
  entitySet: 'Products',
  key: 'ProductID',
  modifiedOn: 'ChangedAt',
  createdOn: 'CreatedAt',
  properties: [
    { name: 'ProductName', kind: 'string' },
    { name: 'Note', kind: 'string' },
    { name: 'Price', kind: 'decimal' },
    { name: 'Weight', kind: 'decimal', type: 'Edm.Double' },
    { name: 'Stock', kind: 'integer' },
    { name: 'Barcode', kind: 'integer', type: 'Edm.Int64' },
    { name: 'IsSold', kind: 'boolean' },
    { name: 'ReleasedOn', kind: 'dateOnly' },
    { name: 'CheckedAt', kind: 'dateTime' },
    { name: 'Colour', kind: 'optionSet' },
    { name: 'Batch', kind: 'guid' },
    { name: 'CategoryID', kind: 'lookup' },
  ],
};

function property(name: string): LegacyEntity['properties'][number] {
  const found = products.properties.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no property ${name}`);
  return found;
}

const values = {
  ProductName: "Tea's 100% <best> & /Date(0)/",
  Note: '',
  Price: '1234.5000',
  Weight: '0.125',
  Stock: 7,
  Barcode: 5_000_000_000_123,
  IsSold: true,
  ReleasedOn: '2024-02-29',
  CheckedAt: new Date('2026-03-29T01:30:00.007Z'),
  Colour: 2,
  Batch: 'a3bb189e-8bf9-4c8c-9f0f-3d1f2b1c0e11',
  CategoryID: null,
};

const cases: [string, 2 | 4, Variation, { instants?: 'Edm.DateTimeOffset' }?][] = [
  ['OData 2', 2, {}],
  ['OData 2 in Atom', 2, { atom: true }],
  ['OData 2 with instants that have an offset', 2, {}, { instants: 'Edm.DateTimeOffset' }],
  ['OData 2 without ETags', 2, { etags: 'none' }],
  ['OData 2 with required ETags and bare lists', 2, { etags: 'required', bareLists: true }],
  ['OData 2 with silent creates', 2, { createsSilently: true }],
  ['OData 2 in pages of 7', 2, { pageSize: 7, nextLink: 'path' }],
  ['OData 4', 4, {}],
  ['OData 4 without metadata', 4, { metadata: 'none', guids: 'upper' }],
  ['OData 4 with full metadata', 4, { metadata: 'full', shortControls: true }],
  ['OData 4 in pages of 7', 4, { pageSize: 7, nextLink: 'relative' }],
  ['OData 4 with bare next links', 4, { pageSize: 7, nextLink: 'queryOnly', metadata: 'full' }],
  ['OData 4 with silent writes', 4, { createsSilently: true, updates: 'never', namesKeys: true }],
  ['OData 4 with required ETags', 4, { etags: 'required', upserts: true }],
  ['OData 4 with strings for numbers', 4, { ieee754Compatible: true, omitsNulls: true }],
  ['OData 4 with fine instants', 4, { fractionDigits: 7, minutesEast: -210 }],
  ['OData 4 with whole seconds', 4, { fractionDigits: 0, minutesEast: 60 }],
  ['OData 4 with sloppy addresses', 4, { createsSilently: true, sloppyAddresses: true }],
  ['OData 4 with sloppy nulls', 4, { emptyForNull: true, noAnyVersion: true, etags: 'none' }],
  ['OData 2 with sloppy nulls', 2, { emptyForNull: true, noAnyVersion: true }],
  ['OData 4 with reads in batches', 4, { readsInBatches: true, pageSize: 7 }],
  ['OData 2 with reads in batches', 2, { readsInBatches: true, atom: true }],
  ['OData 4 that answers updates', 4, { updates: 'always', etags: 'none' }],
];

describe.each(cases)('%s', (_name, version, variation, { instants } = {}) => {
  let server: ReferenceServer;
  let client: ReturnType<typeof createLegacyClient>;

  beforeAll(async () => {
    server = await startReferenceServer(version, entitySets({ version, instants }), variation);
    const dialect = version === 2 ? 'odata2' : 'odata4';
    const capabilities = { dateTimeType: instants };
    client = createLegacyClient({ baseUrl: server.url, dialect, capabilities, maxAttempts: 1 });
  });

  beforeEach(() => {
    server.store.clear();
  });

  afterAll(async () => {
    client.close();
    await server.close();
  });

  it('writes and reads a value of each kind', async () => {
    const key = randomUUID();
    const created = await client.create(products, values, { key });
    expect(created.key).toBe(key);
    const read = await client.get(products, key);
    const seconds = variation.fractionDigits === 0;
    const CheckedAt = seconds ? new Date('2026-03-29T01:30:00Z') : values.CheckedAt;
    const expected: Record<string, unknown> = { ...values, CheckedAt };
    if (variation.omitsNulls === true) delete expected.CategoryID;
    expect({ ...read.values, Price: Number(read.values.Price).toFixed(4) }).toEqual(expected);
    expect(read.modifiedOn).toBeInstanceOf(Date);
    await client.update(products, key, { ...values, Stock: 8, CheckedAt: null });
    await expect(client.get(products, key)).resolves.toMatchObject({ values: { Stock: 8 } });
  });

  it('finds a record by each of its values', async () => {
    const key = randomUUID();
    await client.create(products, values, { key });
    await client.create(products, { ProductName: 'other', Stock: 0 });
    for (const one of products.properties) {
      const value = values[one.name as keyof typeof values];
      if (value === null) continue;
      const filter: LegacyFilter = { op: 'eq', property: one, value };
      const found = await client.list(products, { filter });
      expect([one.name, found.map((record) => record.key)]).toEqual([one.name, [key]]);
      await expect(client.count(products, filter)).resolves.toBe(1);
    }
    const id = { name: 'ProductID', kind: 'guid' } as const;
    const inBoth: LegacyFilter = { op: 'in', property: id, values: [key, randomUUID()] };
    await expect(client.list(products, { filter: inBoth })).resolves.toHaveLength(1);
  });

  it('follows pages to their end', async () => {
    const set = server.store.set('Products');
    for (let stock = 0; stock < 30; stock += 1) {
      server.store.insert(set, { ProductName: `p${stock}`, Stock: stock });
    }
    const orderBy = [{ property: property('Stock'), direction: 'desc' }] as const;
    const all = await client.list(products, { orderBy });
    expect(all.map(({ values: { Stock } }) => Stock)).toEqual([...Array(30).keys()].reverse());
    await expect(client.list(products, { orderBy, top: 10, skip: 25 })).resolves.toHaveLength(5);
  });

  it('asks for many by several requests below the limit of comparisons', async () => {
    const set = server.store.set('Products');
    const keys = Array.from({ length: 25 }, (_, stock) =>
      String(server.store.insert(set, { ProductName: 'many', Stock: stock }).row.ProductID),
    );
    const limited = createLegacyClient({
      baseUrl: server.url,
      dialect: version === 2 ? 'odata2' : 'odata4',
      capabilities: { maxComparisons: 10 },
    });
    const filter = {
      op: 'in',
      property: { name: 'ProductID', kind: 'guid' },
      values: keys,
    } as const;
    server.takeRequests();
    await expect(limited.list(products, { filter })).resolves.toHaveLength(25);
    expect(server.takeRequests().length).toBeGreaterThanOrEqual(3);
    const narrow: LegacyFilter = { op: 'not', filter };
    await expect(limited.list(products, { filter: narrow })).rejects.toThrow(/25 comparisons/);
    limited.close();
  });

  it('asks for more keys than a URL holds, in a batch where there is one', async () => {
    const set = server.store.set('Products');
    const keys = Array.from({ length: 25 }, (_, stock) =>
      String(server.store.insert(set, { ProductName: 'many', Stock: stock }).row.ProductID),
    );
    const id = { name: 'ProductID', kind: 'guid' } as const;
    const values = [...keys, ...Array.from({ length: 100 }, () => randomUUID())];
    const fresh = createLegacyClient({
      ...{ baseUrl: server.url, dialect: version === 2 ? 'odata2' : 'odata4', maxAttempts: 1 },
    });
    server.takeRequests();
    const filter = { op: 'in', property: id, values } as const;
    await expect(fresh.list(products, { filter })).resolves.toHaveLength(25);
    const [first, ...others] = server.takeRequests();
    expect(first).toBe('POST $batch');
    if (variation.readsInBatches !== true) expect(others.length).toBeGreaterThan(3);
    else expect(others.every((one) => one === first)).toBe(true);
    fresh.close();
  });

  it('deletes, and says so when there is nothing to delete', async () => {
    const key = randomUUID();
    await client.create(products, { ProductName: 'one', Stock: 0 }, { key });
    await client.delete(products, key);
    await expect(client.get(products, key)).rejects.toMatchObject({ name: 'LegacyNotFoundError' });
    await expect(client.delete(products, key)).rejects.toMatchObject({ outcome: 'refused' });
    await expect(client.update(products, key, { Stock: 1 })).rejects.toMatchObject({
      outcome: 'refused',
    });
    expect(server.store.all(server.store.set('Products'))).toEqual([]);
  });

  it('finds instants that are finer than a Date', async () => {
    const set = server.store.set('Products');
    const row = { ProductName: 'fine', Stock: 0, Price: Decimal.parse('1') ?? null };
    const fine = Ticks.parse('2026-11-21T12:26:26.1239999Z', 'required') ?? null;
    const { row: stored } = server.store.insert(set, { ...row, CheckedAt: fine });
    const value = new Date('2026-11-21T12:26:26.123Z');
    const list = (op: 'eq' | 'le' | 'ne' | 'gt'): Promise<unknown[]> =>
      client.list(products, { filter: { op, property: property('CheckedAt'), value } });
    expect([await list('eq'), await list('le'), await list('ne'), await list('gt')]).toEqual([
      [expect.objectContaining({ key: stored.ProductID })],
      [expect.objectContaining({ key: stored.ProductID })],
      [],
      [],
    ]);
  });

  it('refuses a write on a version that is not current', async () => {
    if (variation.etags === 'none' || variation.metadata === 'none') return;
    const key = randomUUID();
    const { version: first } = await client.create(
      products,
      { ProductName: 'a', Stock: 0 },
      { key },
    );
    expect(first).not.toBeNull();
    const ifMatch = first ?? '';
    await client.update(products, key, { Stock: 1 }, { ifMatch });
    const again = client.update(products, key, { Stock: 2 }, { ifMatch });
    await expect(again).rejects.toMatchObject({ name: 'LegacyConflictError' });
  });
});
