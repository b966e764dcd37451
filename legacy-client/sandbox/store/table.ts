import type { SandboxRecord } from '../control';
import type { EntityModel, PropertyModel } from '../entity-model';
import { HashIndex } from './hash-index';
import { RowList, type Row } from './row-list';

type StoredRow = { -readonly [K in keyof Row]: Row[K] };

/** The records of one entity, with indexes that are built when they are first asked for. */
export class Table {
  readonly list = new RowList();
  /** Grows with every change of this table: cached orders of an older one are stale. */
  revision = 0;
  /** Versions of deletions by key, as feeds of changes tell them. */
  readonly deletions = new Map<string, number>();
  private readonly rows = new Map<string, StoredRow>();
  private readonly indexes = new Map<string, HashIndex>();

  constructor(readonly model: EntityModel) {}

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  put(key: string, values: SandboxRecord, version: number): Row {
    this.revision += 1;
    this.deletions.delete(key);
    const existing = this.rows.get(key);
    if (existing === undefined) {
      const row = { key, values, version };
      this.rows.set(key, row);
      this.list.add(row);
      for (const index of this.indexes.values()) index.add(row);
      return row;
    }
    const before = existing.values;
    existing.values = values;
    existing.version = version;
    for (const [name, index] of this.indexes) {
      if (before[name] === values[name]) continue;
      index.delete(key, before[name]);
      index.add(existing);
    }
    return existing;
  }

  /** Put many new records at once. */
  load(rows: readonly Row[]): void {
    for (const row of rows) {
      this.rows.set(row.key, row);
      this.deletions.delete(row.key);
    }
    this.list.addAll(rows);
    this.revision += 1;
    this.indexes.clear();
  }

  delete(key: string, version: number): void {
    const before = this.rows.get(key);
    if (before === undefined) return;
    this.rows.delete(key);
    this.deletions.set(key, version);
    this.list.delete(key);
    this.revision += 1;
    for (const [name, index] of this.indexes) index.delete(key, before.values[name]);
  }

  /** What brings a record back to its present state, or takes it away again. */
  restorer(key: string): () => void {
    const row = this.rows.get(key);
    const before = row === undefined ? undefined : { ...row };
    const deletion = this.deletions.get(key);
    return () => {
      if (before === undefined) this.delete(key, 0);
      else this.put(key, before.values, before.version);
      if (deletion === undefined) this.deletions.delete(key);
      else this.deletions.set(key, deletion);
    };
  }

  index(property: PropertyModel): HashIndex {
    const existing = this.indexes.get(property.name);
    if (existing !== undefined) return existing;
    const index = new HashIndex(property);
    // In the order of keys, so that the index's lists come out sorted.
    for (const row of this.list.sorted()) index.add(row);
    this.indexes.set(property.name, index);
    return index;
  }
}
