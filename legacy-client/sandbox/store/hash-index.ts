import type { LegacyValue } from '../../entity';
import type { PropertyModel } from '../entity-model';
import { comparable, type Comparable } from './comparable';
import { RowList, type Row } from './row-list';

/** Kinds that are looked up by equality often enough to deserve an index. */
const indexedKinds = new Set(['string', 'guid', 'lookup']);

/** Whether equality on a property is answered from an index. */
export function isIndexed(property: PropertyModel): boolean {
  return indexedKinds.has(property.kind);
}

/** Which rows hold a value of one property. */
export class HashIndex {
  private readonly buckets = new Map<Comparable, RowList>();

  constructor(private readonly property: PropertyModel) {}

  add(row: Row): void {
    const value = comparable(this.property.kind, row.values[this.property.name]);
    const bucket = this.buckets.get(value);
    if (bucket === undefined) {
      const created = new RowList();
      created.add(row);
      this.buckets.set(value, created);
    } else {
      bucket.add(row);
    }
  }

  /** @param stored - the value under which the row was added. */
  delete(key: string, stored: LegacyValue | undefined): void {
    const value = comparable(this.property.kind, stored);
    const bucket = this.buckets.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) this.buckets.delete(value);
  }

  get(value: Comparable): RowList | undefined {
    return this.buckets.get(value);
  }
}
