import type { SandboxRecord } from '../control';

/** A stored record. Its place in lists stays; a write puts new values and a version in. */
export interface Row {
  readonly key: string;
  readonly values: SandboxRecord;
  /** Grows with every write in the whole store. */
  readonly version: number;
}

const byKey = (left: Row, right: Row): number =>
  left.key < right.key ? -1 : left.key > right.key ? 1 : 0;

/** Rows in ascending order of keys, sorted only when the order is asked for. */
export class RowList {
  private rows: Row[] = [];
  private isSorted = true;

  get size(): number {
    return this.rows.length;
  }

  /** Add a row that is not in the list yet. */
  add(row: Row): void {
    const last = this.rows.at(-1);
    if (this.isSorted && (last === undefined || last.key < row.key)) {
      this.rows.push(row);
    } else if (this.isSorted && this.rows.length > 1000) {
      // One insertion moves memory, which is far cheaper than sorting a long list again.
      this.rows.splice(this.position(row.key), 0, row);
    } else {
      this.rows.push(row);
      this.isSorted = false;
    }
  }

  /** Add many rows that are not in the list yet; sorted once, later. */
  addAll(rows: Iterable<Row>): void {
    for (const row of rows) this.rows.push(row);
    this.isSorted = false;
  }

  delete(key: string): void {
    const at = this.position(key);
    if (this.rows[at]?.key === key) this.rows.splice(at, 1);
  }

  sorted(): readonly Row[] {
    if (!this.isSorted) {
      this.rows.sort(byKey);
      this.isSorted = true;
    }
    return this.rows;
  }

  /** Where the rows behind a key begin in {@link sorted}; at the start without it. */
  firstAfter(key: string | undefined): number {
    if (key === undefined) return 0;
    const at = this.position(key);
    return this.rows[at]?.key === key ? at + 1 : at;
  }

  /** Where a key stands, or would stand. */
  private position(key: string): number {
    const rows = this.sorted();
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.key ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Bring several lists together; a row that is in more than one comes once. */
export function unionOf(lists: readonly RowList[]): RowList {
  const union = new RowList();
  const all = new RowList();
  for (const list of lists) all.addAll(list.sorted());
  let previous: Row | undefined;
  for (const row of all.sorted()) {
    if (row !== previous) union.add(row);
    previous = row;
  }
  return union;
}
