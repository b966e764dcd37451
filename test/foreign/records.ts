import { Decimal, Ticks } from './server/edm';
import type { EntitySetType, Row } from './server/schema';
import type { ReferenceServer } from './server/start-server';

/** Numbers that look random and are the same in every run. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

type Pick = <T>(...of: readonly T[]) => T;

/** A product as the service holds it, before it has a key. */
function randomProduct(version: 2 | 4, next: (below: number) => number): Row {
  const pick: Pick = (...of) => of[next(of.length)] as (typeof of)[number];
  const day = pick<string | null>(null, '2024-02-29', '2024-03-01', '2023-12-31');
  // OData 2.0 has no days: some services keep them at midnight, some at any other time.
  const ofDay = day === null ? null : Ticks.parse(`${day}T${pick('00:00', '15:30')}`, 'either');
  return {
    ProductName: pick('Tea', 'tea', 'TEA ', "Tea's 100%", 'Żółw_tea', 'Coffee', 'a\\b', '50% off'),
    Note: pick<string | null>(null, '', ' ', 'Tea', 'line\nbreak', '<b>&amp;</b>'),
    Price: pick(null, ...['0', '12.5', '12.5000', '12.50004', '-1.25', '1000'].map(decimal)),
    Weight: pick<number | null>(null, 0, 0.1, 0.30000000000000004, -2.5, 1000),
    Stock: pick(0, 1, 2, 5, 8, 13),
    Barcode: pick<bigint | null>(null, 1n, 5_000_000_000_123n),
    IsSold: pick<boolean | null>(null, true, false),
    ReleasedOn: version === 2 ? (ofDay ?? null) : day,
    CheckedAt: pick(
      null,
      ...['00.123', '00.1239999', '00.1240000', '00'].map((end) => instant(`12:30:${end}`)),
    ),
    Colour: pick<number | null>(null, 1, 2, 3),
    Batch: pick<string | null>(null, 'a3bb189e-8bf9-4c8c-9f0f-3d1f2b1c0e11'),
    CategoryID: null,
  };
}

function never(): never {
  throw new Error('nothing to pick from');
}

function decimal(text: string): Decimal {
  return Decimal.parse(text) ?? never();
}

function instant(time: string): Ticks {
  return Ticks.parse(`2026-03-29T${time}`, 'either') ?? never();
}

/** Sets of a server by short names. */
export function setsOf({
  store,
}: ReferenceServer): Readonly<
  Record<'categories' | 'products' | 'purchases' | 'lines', EntitySetType>
> {
  return {
    categories: store.set('Categories'),
    products: store.set('Products'),
    purchases: store.set('Purchases'),
    lines: store.set('PurchaseLines'),
  };
}

/** Fill an empty server: 6 categories, 60 products, 10 purchases of 3 products each. */
export function fill(
  server: ReferenceServer,
  version: 2 | 4,
  next: (below: number) => number,
): void {
  const { store } = server;
  const sets = setsOf(server);
  const categories: string[] = [];
  for (const title of ['Drinks', 'drinks', 'Food', 'Tools', 'Toys', 'Empty']) {
    const parent = categories.length === 0 || next(2) === 0 ? null : (categories[0] ?? null);
    const values = { Title: title, Code: next(2) === 0 ? null : title, ParentID: parent };
    categories.push(String(store.insert(sets.categories, values).row.CategoryID));
  }
  const products: string[] = [];
  for (let count = 0; count < 60; count += 1) {
    const category = categories[next(8)] ?? null;
    const row = { ...randomProduct(version, next), CategoryID: category };
    products.push(String(store.insert(sets.products, row).row.ProductID));
  }
  fillPurchases(server, products, next);
}

function fillPurchases(
  server: ReferenceServer,
  products: readonly string[],
  next: (below: number) => number,
): void {
  const { store } = server;
  const sets = setsOf(server);
  for (let count = 0; count < 10; count += 1) {
    const placedAt = next(3) === 0 ? null : instant(`12:0${count}:00.5`);
    const purchase = store.insert(sets.purchases, { Number: `P-${count}`, PlacedAt: placedAt });
    for (const quantity of [1, 2, 3]) {
      store.insert(sets.lines, {
        Quantity: quantity,
        PurchaseID: purchase.row.PurchaseID ?? null,
        ProductID: products[next(products.length)] ?? null,
      });
    }
  }
}

/** Change, delete and add some products, as the service's own users do. */
export function disturb(
  server: ReferenceServer,
  version: 2 | 4,
  next: (below: number) => number,
): void {
  const { store } = server;
  const { products, lines } = setsOf(server);
  const all = store.all(products);
  const keep = new Set(store.all(lines).map(({ row }) => row.ProductID));
  for (let count = 0; count < 6; count += 1) {
    const one = all[next(all.length)];
    if (one === undefined) continue;
    const values = randomProduct(version, next);
    const { CategoryID = null } = one.row;
    store.update(products, one, { ...values, CategoryID });
  }
  const unused = all.filter(({ row }) => !keep.has(row.ProductID ?? null));
  const victim = unused[next(unused.length)];
  if (victim !== undefined) {
    store.insert(products, {
      ...randomProduct(version, next),
      CategoryID: victim.row.CategoryID ?? null,
    });
    store.delete(products, String(victim.row.ProductID));
  }
}
