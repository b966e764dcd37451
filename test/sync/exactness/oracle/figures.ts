import { orderOfCells } from './conditions';
import { sumOf } from './decimals';
import { columnOf, type Column, type ModelName } from './facts';
import { allMatches, type RowQuery, type View } from './queries';
import type { Cell } from './rows';

/** One of Sequelize's aggregates. */
export type Aggregate = 'sum' | 'min' | 'max';

function cellsOf(view: View, query: RowQuery, attribute: string): Cell[] {
  return allMatches(view, query).map(({ row }) => row.cells[attribute] ?? null);
}

/** What counts as one value: dates by their moment. */
function identity(cell: Cell): string {
  return cell instanceof Date ? cell.toISOString() : JSON.stringify(cell);
}

/** `count()`: the rows that the joins make, or with `distinct` the rows themselves. */
export function countOf(view: View, query: RowQuery, isDistinct = false): number {
  const found = allMatches(view, query);
  return isDistinct ? found.length : found.reduce((sum, { joined }) => sum + joined, 0);
}

/** `count({ distinct: true, col })`: the different values that are there. */
export function distinctOf(view: View, query: RowQuery, attribute: string): number {
  const there = cellsOf(view, query, attribute).filter((cell) => cell !== null);
  return new Set(there.map(identity)).size;
}

/** A figure as Sequelize gives it: decimals as numbers, sums of nothing null. */
function shownFigure({ kind }: Column, cell: Cell): Cell {
  return kind === 'decimal' && cell !== null ? Number(cell) : cell;
}

/** `sum()`, `min()`, `max()` of an attribute. */
export function figureOf(
  view: View,
  query: RowQuery,
  wanted: { readonly aggregate: Aggregate; readonly attribute: string },
): Cell {
  const column = columnOf(query.model, wanted.attribute);
  const cells = cellsOf(view, query, wanted.attribute).filter((cell) => cell !== null);
  if (cells.length === 0) return null;
  if (wanted.aggregate === 'sum') return Number(sumOf(cells.map(String)));
  const sign = wanted.aggregate === 'min' ? 1 : -1;
  const [first = null] = cells.sort(
    (a, b) => sign * orderOfCells(column, view.terms.texts, [a, b]),
  );
  return shownFigure(column, first);
}

/** One line of a grouped count, by the value that its rows share. */
export interface Group {
  readonly value: Cell;
  readonly count: number;
}

/** `GROUP BY` an attribute, with counts; groups of fewer rows left out. */
export function groupsOf(
  view: View,
  query: RowQuery,
  { attribute, least }: { readonly attribute: string; readonly least: number },
): Group[] {
  const { model } = query;
  const groups = new Map<string, Group>();
  for (const value of cellsOf(view, { ...query, model }, attribute)) {
    const key = identity(value);
    groups.set(key, { value, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()].filter(({ count }) => count >= least);
}

/** Groups in an order of their own, to be compared. */
export function groupTexts(groups: readonly Group[]): string[] {
  return groups.map(({ value, count }) => `${identity(value)}: ${count}`).sort();
}

/** The columns of a model that an aggregate can be asked of. */
export function aggregable(
  name: ModelName,
  columns: readonly Column[],
  aggregate: Aggregate,
): string[] {
  const kinds =
    aggregate === 'sum'
      ? ['integer', 'decimal']
      : ['integer', 'decimal', 'text', 'dateOnly', 'dateTime'];
  return columns
    .filter((column) => kinds.includes(columnOf(name, column.attribute).kind))
    .map(({ attribute }) => attribute);
}
