import type { PropertyModel } from './entity-model';
import type { Expression } from './filter/expression';
import { candidates } from './filter/plan';
import { compilePredicate, type Predicate } from './filter/predicate';
import { comparable, compareValues, type Comparable } from './store/comparable';
import type { Row } from './store/row-list';
import type { Table } from './store/table';

/** One criterion of an order. */
export interface OrderTerm {
  readonly property: PropertyModel;
  readonly descending: boolean;
}

/** Where a page ended: the values that the order compares, and the key. */
export interface Cursor {
  readonly values: readonly Comparable[];
  readonly key: string;
}

/** What a page is asked for. */
export interface PageRequest {
  readonly filter?: Expression | undefined;
  readonly order: readonly OrderTerm[];
  readonly after?: Cursor | undefined;
  readonly skip: number;
  readonly limit: number;
}

/** One page, and whether there are records behind it. */
export interface Page {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

const everything: Predicate = () => true;

function predicateOf(filter: Expression | undefined): Predicate {
  return filter === undefined ? everything : compilePredicate(filter);
}

/** Every record that fits, in the order of keys, behind a key. */
function* matching(table: Table, filter: Expression | undefined, after?: string): Generator<Row> {
  const fits = predicateOf(filter);
  const list = candidates(table, filter);
  const rows = list.sorted();
  for (let at = list.firstAfter(after); at < rows.length; at += 1) {
    const row = rows[at];
    if (row !== undefined && fits(row.values)) yield row;
  }
}

/** The cursor behind a record. */
export function cursorOf(order: readonly OrderTerm[], row: Row): Cursor {
  return {
    values: order.map(({ property }) => comparable(property.kind, row.values[property.name])),
    key: row.key,
  };
}

function compareCursors(order: readonly OrderTerm[], left: Cursor, right: Cursor): number {
  for (const [at, { property, descending }] of order.entries()) {
    const result = compareValues(property.kind, left.values[at] ?? null, right.values[at] ?? null);
    if (result !== 0) return descending ? -result : result;
  }
  return left.key === right.key ? 0 : left.key < right.key ? -1 : 1;
}

/** A sorted answer that its following pages can use as long as the table stays as it is. */
interface OrderedAnswer {
  readonly table: Table;
  readonly revision: number;
  readonly description: string;
  readonly entries: readonly { readonly cursor: Cursor; readonly row: Row }[];
}

const rememberedAnswers = 4;

/** Answers pages; remembers the last orders so that a following page need not sort again. */
export class Pager {
  private remembered: readonly OrderedAnswer[] = [];

  page(table: Table, request: PageRequest): Page {
    return request.order.length === 0
      ? pageByKey(table, request)
      : this.orderedPage(table, request);
  }

  private orderedPage(table: Table, request: PageRequest): Page {
    const { order, after, skip, limit } = request;
    const { entries } = this.ordered(table, request);
    let low = 0;
    let high = after === undefined ? 0 : entries.length;
    while (after !== undefined && low < high) {
      const middle = (low + high) >> 1;
      const entry = entries[middle];
      if (entry !== undefined && compareCursors(order, entry.cursor, after) <= 0) low = middle + 1;
      else high = middle;
    }
    const first = low + skip;
    const rows = entries.slice(first, first + limit).map(({ row }) => row);
    return { rows, hasMore: entries.length > first + limit };
  }

  private ordered(table: Table, { filter, order }: PageRequest): OrderedAnswer {
    const description = JSON.stringify([filter, order]);
    const known = this.remembered.find(
      (answer) =>
        answer.table === table &&
        answer.revision === table.revision &&
        answer.description === description,
    );
    if (known !== undefined) return known;
    const entries = [...matching(table, filter)].map((row) => ({
      cursor: cursorOf(order, row),
      row,
    }));
    entries.sort((left, right) => compareCursors(order, left.cursor, right.cursor));
    const answer = { table, revision: table.revision, description, entries };
    this.remembered = [answer, ...this.remembered].slice(0, rememberedAnswers);
    return answer;
  }
}

function pageByKey(table: Table, { filter, after, skip, limit }: PageRequest): Page {
  const rows: Row[] = [];
  let skipped = 0;
  for (const row of matching(table, filter, after?.key)) {
    if (skipped < skip) {
      skipped += 1;
    } else if (rows.length === limit) {
      return { rows, hasMore: true };
    } else {
      rows.push(row);
    }
  }
  return { rows, hasMore: false };
}

/** Count the records that fit, no further than a limit. */
export function countUpTo(table: Table, filter: Expression | undefined, limit: number): number {
  if (filter === undefined) return Math.min(table.list.size, limit);
  const rows = matching(table, filter);
  let count = 0;
  while (count < limit && rows.next().done !== true) count += 1;
  return count;
}
