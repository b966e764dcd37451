import {
  conditionColumn,
  orderOfCells,
  pathsOf,
  truthOf,
  type Binding,
  type Condition,
  type Terms,
} from './conditions';
import { associationOf, type ModelName } from './facts';
import { rowOf, rowsOf, type Cell, type Moment, type Row } from './rows';

/** The directions that Sequelize takes. */
export type Direction =
  'ASC' | 'DESC' | 'ASC NULLS FIRST' | 'ASC NULLS LAST' | 'DESC NULLS FIRST' | 'DESC NULLS LAST';

/** One key to sort by, of the row or of a parent that is included. */
export interface SortKey {
  readonly path?: string;
  readonly attribute: string;
  readonly direction: Direction;
}

/** An include, as the application asks for it. */
export interface IncludeQuery {
  readonly as: string;
  readonly required?: boolean;
  readonly where?: Condition;
  readonly include?: readonly IncludeQuery[];
  readonly separate?: boolean;
  /** Only with `separate`. */
  readonly order?: readonly SortKey[];
  readonly limit?: number;
  /** Attributes beside `legacyId`; all without it. */
  readonly attributes?: readonly string[];
}

/** A read of rows. */
export interface RowQuery {
  readonly model: ModelName;
  readonly where?: Condition;
  readonly order?: readonly SortKey[];
  readonly limit?: number;
  readonly offset?: number;
  readonly include?: readonly IncludeQuery[];
  readonly attributes?: readonly string[];
}

/** A row of an answer with what is included. */
export interface Found {
  readonly name: ModelName;
  readonly row: Row;
  readonly children: ReadonlyMap<string, readonly Found[]>;
  /** How many rows the joins make of it. */
  readonly joined: number;
}

/** What a query is evaluated over. */
export interface View {
  readonly moment: Moment;
  readonly terms: Terms;
}

/** The rows that belong to a row through an association; once for each link. */
export function relatedRows(
  moment: Moment,
  { name, row }: { readonly name: ModelName; readonly row: Row },
  as: string,
): readonly Row[] {
  const { type, target, foreignKey } = associationOf(name, as);
  if (type === 'one') {
    const parent = rowOf(moment, target, row.cells[foreignKey] ?? null);
    return parent ? [parent] : [];
  }
  if (type === 'many') {
    return rowsOf(moment, target).filter(({ cells }) => cells[foreignKey] === row.legacyId);
  }
  const otherKey = foreignKey === 'contactId' ? 'orderId' : 'contactId';
  return rowsOf(moment, 'ContactOrder')
    .filter(({ cells }) => cells[foreignKey] === row.legacyId)
    .flatMap(({ cells }) => rowOf(moment, target, cells[otherKey] ?? null) ?? []);
}

/** Whether an include must match; a condition makes it so. */
function isRequired({ required, where, separate }: IncludeQuery): boolean {
  return separate !== true && (required ?? where !== undefined);
}

function holds(condition: Condition | undefined, binding: Binding, terms: Terms): boolean {
  return condition === undefined || truthOf(condition, binding, terms) === true;
}

function childrenOf(view: View, parent: Found, include: IncludeQuery): Found[] {
  const { target } = associationOf(parent.name, include.as);
  const rows = relatedRows(view.moment, parent, include.as)
    .filter((row) => holds(include.where, { name: target, row }, view.terms))
    .flatMap((row) => withIncludes(view, { name: target, row }, include.include ?? []) ?? []);
  if (include.separate !== true) return rows;
  return sorted(view, rows, include.order ?? []).slice(0, include.limit);
}

/** The row with its includes; nothing when one that must match does not. */
function withIncludes(
  view: View,
  { name, row }: { readonly name: ModelName; readonly row: Row },
  includes: readonly IncludeQuery[],
): Found | undefined {
  const children = new Map<string, readonly Found[]>();
  const bare: Found = { name, row, children, joined: 1 };
  let joined = 1;
  for (const include of includes) {
    const found = childrenOf(view, bare, include);
    if (isRequired(include) && found.length === 0) return undefined;
    children.set(include.as, found);
    if (include.separate !== true) joined *= joinedOf(found);
  }
  return { ...bare, joined };
}

function joinedOf(found: readonly Found[]): number {
  return found.length === 0 ? 1 : found.reduce((sum, child) => sum + child.joined, 0);
}

/** A condition on an included row keeps the pairs that fit: those children, and the row if any. */
function fitting(view: View, found: Found, condition: Condition | undefined): Found | undefined {
  const [path, ...more] = condition === undefined ? [] : [...new Set(pathsOf(condition))];
  if (more.length > 0) throw new Error('Only one path at a time.');
  const { name, row } = found;
  if (path === undefined) {
    return holds(condition, { name, row }, view.terms) ? found : undefined;
  }
  const { target } = associationOf(name, path);
  const all = found.children.get(path) ?? [];
  const fits = (child: Row | null): boolean =>
    holds(condition, { name, row, at: { [path]: { name: target, row: child } } }, view.terms);
  if (all.length === 0) return fits(null) ? found : undefined;
  const kept = all.filter((child) => fits(child.row));
  if (kept.length === 0) return undefined;
  const joined = (found.joined / joinedOf(all)) * joinedOf(kept);
  return { ...found, children: new Map([...found.children, [path, kept]]), joined };
}

/** The value by which a row is sorted. */
function sortCell(found: Found, { path, attribute }: SortKey): Cell {
  const row = path === undefined ? found.row : found.children.get(path)?.[0]?.row;
  if (!row) return null;
  return attribute === 'legacyId' ? row.legacyId : (row.cells[attribute] ?? null);
}

function compareBy(view: View, key: SortKey, [a, b]: readonly [Found, Found]): number {
  const cells = [sortCell(a, key), sortCell(b, key)] as const;
  const isDescending = key.direction.startsWith('DESC');
  const nullsFirst = key.direction.endsWith('FIRST')
    ? true
    : !key.direction.endsWith('LAST') && isDescending;
  if (cells[0] === null || cells[1] === null) {
    const difference = Number(cells[1] === null) - Number(cells[0] === null);
    return nullsFirst ? difference : -difference;
  }
  const name = key.path === undefined ? a.name : associationOf(a.name, key.path).target;
  const order = orderOfCells(conditionColumn(name, key.attribute), view.terms.texts, cells);
  return isDescending ? -order : order;
}

/** Order rows by several keys. */
export function compareFound(
  view: View,
  keys: readonly SortKey[],
  pair: readonly [Found, Found],
): number {
  for (const key of keys) {
    const order = compareBy(view, key, pair);
    if (order !== 0) return order;
  }
  return 0;
}

function sorted(view: View, found: readonly Found[], keys: readonly SortKey[]): Found[] {
  return [...found].sort((a, b) => compareFound(view, keys, [a, b]));
}

/** All rows that a query matches, in its order, before offset and limit. */
export function allMatches(view: View, query: RowQuery): Found[] {
  const found = rowsOf(view.moment, query.model).flatMap(
    (row) => withIncludes(view, { name: query.model, row }, query.include ?? []) ?? [],
  );
  const kept = found.flatMap((one) => fitting(view, one, query.where) ?? []);
  return sorted(view, kept, query.order ?? []);
}
