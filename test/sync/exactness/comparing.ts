import { inspect } from 'node:util';
import { Model } from 'sequelize';
import type { LocalIds } from './local-ids';
import { associationOf, columnOf, entityOf, type Column, type ModelName } from './oracle/facts';
import {
  allMatches,
  compareFound,
  type Found,
  type IncludeQuery,
  type RowQuery,
  type View,
} from './oracle/queries';
import { sameCell, type Cell, type Row } from './oracle/rows';
import { stableRows, statesOf } from './oracle/windows';

/** A row as the library answered it: an instance, or a plain object of a raw read. */
export type Answered = object;

/** What a comparison needs beside the answer. */
export interface Comparison {
  readonly ids: LocalIds;
  /** One view for each moment of the call. */
  readonly views: readonly [View, ...View[]];
}

function valueAt(answered: Answered, attribute: string): unknown {
  if (!(answered instanceof Model)) return (answered as Record<string, unknown>)[attribute];
  const shown: unknown = answered.get(attribute);
  return shown;
}

/** The legacy key that an answered row shows. */
export function legacyIdOf(answered: Answered): string {
  return String(valueAt(answered, 'legacyId'));
}

/** What an answered row shows of a column, in the oracle's terms. */
function answeredCell(ids: LocalIds, answered: Answered, column: Column): Cell {
  const value = valueAt(answered, column.attribute);
  if (value === null || value === undefined) return null;
  if (column.kind === 'lookup' && column.target) {
    return ids.legacyId(column.target, value) ?? `the local key ${inspect(value)}`;
  }
  return value as Cell;
}

interface Shape {
  readonly name: ModelName;
  readonly attributes?: readonly string[];
  readonly include?: readonly IncludeQuery[];
}

function columnsOf({ name, attributes }: Shape): readonly Column[] {
  return attributes
    ? attributes.map((attribute) => columnOf(name, attribute))
    : entityOf(name).columns;
}

/** How a row shows other values than it should; empty when it does not. */
export function cellProblems(
  ids: LocalIds,
  answered: Answered,
  want: Shape & { row: Row },
): string[] {
  return columnsOf(want).flatMap((column) => {
    const shown = answeredCell(ids, answered, column);
    const wanted = want.row.cells[column.attribute] ?? null;
    if (sameCell(shown, wanted)) return [];
    const where = `${want.name} ${want.row.legacyId}, ${column.attribute}`;
    return [`${where}: shows ${inspect(shown)}, not ${inspect(wanted)}`];
  });
}

function listAt(answered: Answered, as: string): Answered[] {
  const value = valueAt(answered, as);
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? (value as Answered[]) : [value];
}

function shapeOf(name: ModelName, include: IncludeQuery): Shape {
  return { ...include, name: associationOf(name, include.as).target };
}

/** How a row and what is included differ from what should be there. */
function foundProblems(
  { ids, views }: Comparison,
  answered: Answered,
  { found, shape }: { readonly found: Found; readonly shape: Shape },
): string[] {
  const problems = cellProblems(ids, answered, { ...shape, row: found.row });
  for (const include of shape.include ?? []) {
    const wanted = found.children.get(include.as) ?? [];
    const shown = listAt(answered, include.as);
    const inner = shapeOf(shape.name, include);
    const list = { wanted, shown, shape: inner, order: include.order };
    const label = `${shape.name} ${found.row.legacyId}, ${include.as}`;
    problems.push(...listProblems({ ids, views }, list).map((problem) => `${label}: ${problem}`));
  }
  return problems;
}

interface ListComparison {
  readonly wanted: readonly Found[];
  readonly shown: readonly Answered[];
  readonly shape: Shape;
  readonly order?: RowQuery['order'];
  readonly offset?: number;
  readonly limit?: number;
}

/** How a list differs from the rows that should be in it, and from their order. */
function listProblems(comparison: Comparison, list: ListComparison): string[] {
  const { wanted, shown, shape, order = [], offset = 0, limit = Infinity } = list;
  const byKey = new Map(wanted.map((found) => [found.row.legacyId, found]));
  const distinct = [...byKey.values()];
  const page = distinct.slice(offset, offset + limit);
  const keys = shown.map(legacyIdOf);
  const problems: string[] = [];
  if (new Set(keys).size < keys.length) problems.push(`shows a row twice: ${keys.join(', ')}`);
  if (keys.length !== page.length) {
    const names = page.map(({ row }) => row.legacyId).join(', ');
    problems.push(`shows ${keys.length} rows (${keys.join(', ')}), not ${page.length} (${names})`);
  }
  for (const [at, answered] of shown.entries()) {
    const found = byKey.get(legacyIdOf(answered));
    if (!found) {
      problems.push(`shows ${legacyIdOf(answered)}, which does not match`);
      continue;
    }
    problems.push(...foundProblems(comparison, answered, { found, shape }));
    const there = page[at];
    if (there && compareFound(comparison.views[0], order, [found, there]) !== 0) {
      problems.push(`shows ${found.row.legacyId} in place ${at}, not ${there.row.legacyId}`);
    }
  }
  return problems;
}

/** How a row differs from every state that it had; what is included, too. */
function stateProblems(comparison: Comparison, answered: Answered, shape: Shape): string[] {
  const moments = comparison.views.map(({ moment }) => moment);
  const states = statesOf(moments, shape.name, legacyIdOf(answered));
  const each = states.map((row) => cellProblems(comparison.ids, answered, { ...shape, row }));
  const own = each.some((problems) => problems.length === 0)
    ? []
    : (each[0] ?? [`shows ${shape.name} ${legacyIdOf(answered)}, which was not there`]);
  const inner = (shape.include ?? []).flatMap((include) =>
    listAt(answered, include.as).flatMap((child) =>
      stateProblems(comparison, child, shapeOf(shape.name, include)),
    ),
  );
  return [...own, ...inner];
}

/** The rows of a window that an answer may show, and those that it must. */
export function bounds(
  { views }: Comparison,
  query: RowQuery,
): { readonly may: readonly Found[][]; readonly must: readonly Found[] } {
  const [{ terms }] = views;
  const moment = stableRows(views.map((view) => view.moment));
  return {
    may: views.map((view) => allMatches(view, query)),
    must: allMatches({ moment, terms }, query),
  };
}

function windowProblems(
  comparison: Comparison,
  query: RowQuery,
  shown: readonly Answered[],
): string[] {
  const shape = { ...query, name: query.model };
  const { may, must } = bounds(comparison, query);
  const keys = new Set(shown.map(legacyIdOf));
  const problems = shown.flatMap((answered) => stateProblems(comparison, answered, shape));
  if (keys.size < shown.length) problems.push('shows a row twice');
  // The root and what is included may be of different moments, so that a pair matches that never was.
  const isSimple = (query.include ?? []).length === 0;
  for (const answered of isSimple ? shown : []) {
    const matched = may.flat().filter(({ row }) => row.legacyId === legacyIdOf(answered));
    const isState = ({ row }: Found): boolean =>
      cellProblems(comparison.ids, answered, { ...shape, row }).length === 0;
    if (!matched.some(isState))
      problems.push(`shows ${legacyIdOf(answered)}, which never matched so`);
  }
  const isCut = query.limit !== undefined || query.offset !== undefined;
  for (const { row } of isCut || !isMonotone(query) ? [] : must) {
    if (!keys.has(row.legacyId)) problems.push(`lacks ${row.legacyId}, which matched throughout`);
  }
  return problems;
}

/** Whether fewer included rows can only make for fewer rows. */
function isMonotone({ where, include }: RowQuery): boolean {
  return (include ?? []).length === 0 || !JSON.stringify(where ?? {}).includes('"path"');
}

/** How an answer of rows differs from what it should be; empty when it is right. */
export function answerProblems(
  comparison: Comparison,
  query: RowQuery,
  shown: readonly Answered[],
): string[] {
  const [view, ...later] = comparison.views;
  if (later.length > 0) return windowProblems(comparison, query, shown);
  return listProblems(comparison, {
    ...query,
    wanted: allMatches(view, query),
    shown,
    shape: { ...query, name: query.model },
  });
}
