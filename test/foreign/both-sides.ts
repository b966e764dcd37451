import { Product } from './domain';
import { setsOf } from './records';
import { Decimal, Ticks } from './server/edm';
import type { Row } from './server/schema';
import type { ForeignWorld } from './world';

/** A product in words that both sides have. */
export type Shown = Readonly<Record<string, unknown>>;

/** What is here. */
export function shownHere(product: Product): Shown {
  const { legacyId, name, note, stock, isSold, releasedOn, colour, batch } = product;
  return {
    ...{ legacyId, name, note, stock, isSold, releasedOn, colour, batch },
    price: number(product.price),
    weight: number(product.weight),
    barcode: number(product.barcode),
    checkedAt: product.checkedAt?.getTime() ?? null,
  };
}

/** What the service has. */
export function shownThere(row: Row): Shown {
  const { CheckedAt, ReleasedOn, Price } = row;
  return {
    legacyId: row.ProductID,
    name: row.ProductName,
    note: row.Note,
    stock: row.Stock,
    isSold: row.IsSold,
    releasedOn: ReleasedOn instanceof Ticks ? ReleasedOn.iso(0).slice(0, 10) : ReleasedOn,
    colour: [null, 'red', 'green', 'blue'][Number(row.Colour ?? 0)],
    batch: row.Batch,
    price: Price instanceof Decimal ? Math.round(Number(Price.toString()) * 1e4) / 1e4 : null,
    weight: row.Weight,
    barcode: row.Barcode === null ? null : Number(row.Barcode),
    checkedAt: CheckedAt instanceof Ticks ? CheckedAt.date.getTime() : null,
  };
}

function number(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** All products of the service, by their keys. */
export function allThere({ server }: ForeignWorld): Shown[] {
  const rows = server.store.all(setsOf(server).products).map(({ row }) => shownThere(row));
  return rows.sort(byKey);
}

/** All products that are here, as they stand without asking the service. */
export async function allHere(): Promise<Shown[]> {
  const found = await Product.findAll({ skipLegacy: true });
  return found.map(shownHere).sort(byKey);
}

/** Sorts by the service's keys. */
export function byKey(one: Shown, other: Shown): number {
  return String(one.legacyId) < String(other.legacyId) ? -1 : 1;
}
