import { compareDecimals } from './decimals';
import { columnOf, type Column, type ModelName } from './facts';
import type { Cell, Row } from './rows';
import { isLike, type TextRules } from './texts';

/** A record that a condition names: the n-th that the sequence has met, of the column's target. */
export interface Ref {
  readonly ref: number;
}

/** A value in a condition. */
export type Operand = Cell | Ref;

/** The pattern operators, by Sequelize's names. */
export type PatternOp =
  | 'like'
  | 'notLike'
  | 'iLike'
  | 'notILike'
  | 'startsWith'
  | 'endsWith'
  | 'substring'
  | 'regexp'
  | 'notRegexp'
  | 'iRegexp'
  | 'notIRegexp';

/** The comparisons, by Sequelize's names. */
export type CompareOp = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte';

/** What is asked of one attribute; each kind is one way to say it to Sequelize. */
export type Test =
  | { readonly is: 'plain' | CompareOp | 'not'; readonly value: Operand }
  | { readonly is: 'is'; readonly value: boolean | null }
  | { readonly is: 'list' | 'in' | 'notIn' | 'notList'; readonly values: readonly Operand[] }
  | { readonly is: 'between' | 'notBetween'; readonly values: readonly [Operand, Operand] }
  | { readonly is: PatternOp; readonly pattern: string }
  | { readonly is: 'likeAny' | 'iLikeAny'; readonly patterns: readonly string[] }
  | { readonly is: 'either' | 'both'; readonly tests: readonly Test[] }
  | { readonly is: 'lowered'; readonly op: 'eq' | 'like'; readonly value: string }
  | { readonly is: 'beside'; readonly op: CompareOp; readonly other: string };

/** A test of an attribute, of the row itself or of one that is included. */
export interface Leaf {
  readonly path?: string;
  readonly attribute: string;
  readonly test: Test;
}

/** A condition on rows of one model. */
export type Condition =
  | Leaf
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition };

/** SQL's truth: null is unknown. */
export type Truth = boolean | null;

/** What an evaluation needs beside the row. */
export interface Terms {
  readonly texts: TextRules;
  /** The legacy key of the n-th record. */
  legacyId(name: ModelName, ref: number): string;
  /** The same where the application names it by its local key, which it may not know. */
  keyOfLocalId(name: ModelName, ref: number): string;
}

/** The row, and what stands at the paths that a condition may name. */
export interface Binding {
  readonly name: ModelName;
  readonly row: Row | null;
  readonly at?: Readonly<Record<string, { readonly name: ModelName; readonly row: Row | null }>>;
}

const not = (truth: Truth): Truth => (truth === null ? null : !truth);

function every(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function some(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(null) ? null : false;
}

interface Place {
  readonly terms: Terms;
  readonly column: Column;
  readonly row: Row | null;
  readonly name: ModelName;
}

/** The column that an attribute of a condition stands for, the keys included. */
export function conditionColumn(name: ModelName, attribute: string): Column {
  if (attribute === 'id') return { attribute, property: '', kind: 'lookup', target: name };
  if (attribute === 'legacyId') return { attribute, property: '', kind: 'lookup', target: name };
  return columnOf(name, attribute);
}

function cellAt({ row, column }: Place): Cell {
  if (row === null) return null;
  const isKey = column.attribute === 'id' || column.attribute === 'legacyId';
  return isKey ? row.legacyId : (row.cells[column.attribute] ?? null);
}

function valueOf({ terms, column }: Place, operand: Operand): Cell {
  if (operand === null || typeof operand !== 'object' || operand instanceof Date) return operand;
  const target = column.target ?? 'Organisation';
  return column.attribute === 'legacyId'
    ? terms.legacyId(target, operand.ref)
    : terms.keyOfLocalId(target, operand.ref);
}

/** Order two values of a column that are there. */
export function orderOfCells(
  column: Column,
  texts: TextRules,
  cells: readonly [Cell, Cell],
): number {
  const [a, b] = cells;
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (column.kind === 'integer' || column.kind === 'decimal') {
    return compareDecimals(String(a), String(b));
  }
  if (column.kind === 'code') {
    const places = (column.names ?? []).map(String);
    return places.indexOf(String(a)) - places.indexOf(String(b));
  }
  if (column.kind === 'text') return texts.compare(String(a), String(b));
  if (typeof a === 'boolean') return Number(a) - Number(b);
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function compared(place: Place, op: CompareOp, other: Cell): Truth {
  const cell = cellAt(place);
  if (cell === null || other === null) return null;
  const { column, terms } = place;
  if (column.kind === 'text' && (op === 'eq' || op === 'ne'))
    return (cell === other) === (op === 'eq');
  const order = orderOfCells(column, terms.texts, [cell, other]);
  switch (op) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
  }
}

function isExactly(place: Place, value: boolean | null): boolean {
  return cellAt(place) === value;
}

/** `= x`, or `IS NULL`. */
function equals(place: Place, operand: Operand): Truth {
  const value = valueOf(place, operand);
  return value === null ? isExactly(place, null) : compared(place, 'eq', value);
}

/** `!= x`, or `IS NOT NULL`. */
function differs(place: Place, operand: Operand): Truth {
  const value = valueOf(place, operand);
  return value === null ? !isExactly(place, null) : compared(place, 'ne', value);
}

/** Sequelize writes `IS NOT` for truth values. */
function isNot(place: Place, operand: Operand): Truth {
  return typeof operand === 'boolean' ? !isExactly(place, operand) : differs(place, operand);
}

/** An empty list is `IN (NULL)`. */
function isIn(place: Place, operands: readonly Operand[]): Truth {
  if (operands.length === 0) return null;
  return some(operands.map((operand) => compared(place, 'eq', valueOf(place, operand))));
}

/** Sequelize leaves an empty NOT IN out. */
function isNotIn(place: Place, operands: readonly Operand[]): Truth {
  return operands.length === 0 ? true : not(isIn(place, operands));
}

function isBetween(place: Place, [low, high]: readonly [Operand, Operand]): Truth {
  return every([
    compared(place, 'gte', valueOf(place, low)),
    compared(place, 'lte', valueOf(place, high)),
  ]);
}

function matches(text: string, op: PatternOp, pattern: string): boolean {
  switch (op) {
    case 'like':
      return isLike(text, pattern);
    case 'notLike':
      return !isLike(text, pattern);
    case 'iLike':
      return isLike(text, pattern, true);
    case 'notILike':
      return !isLike(text, pattern, true);
    // Sequelize 6 does not escape the value of these three.
    case 'startsWith':
      return isLike(text, `${pattern}%`);
    case 'endsWith':
      return isLike(text, `%${pattern}`);
    case 'substring':
      return isLike(text, `%${pattern}%`);
    case 'regexp':
      return new RegExp(pattern, 'u').test(text);
    case 'notRegexp':
      return !new RegExp(pattern, 'u').test(text);
    case 'iRegexp':
      return new RegExp(pattern, 'iu').test(text);
    case 'notIRegexp':
      return !new RegExp(pattern, 'iu').test(text);
  }
}

function onText(place: Place, test: (text: string) => boolean): Truth {
  const cell = cellAt(place);
  return typeof cell === 'string' ? test(cell) : null;
}

function beside(place: Place, op: CompareOp, other: string): Truth {
  return compared(place, op, place.row?.cells[other] ?? null);
}

function lowered(place: Place, op: 'eq' | 'like', value: string): Truth {
  return onText(place, (text) => {
    const lower = text.toLowerCase();
    return op === 'eq' ? lower === value : isLike(lower, value);
  });
}

// eslint-disable-next-line complexity -- one line for each way to ask
function truthOfTest(place: Place, test: Test): Truth {
  switch (test.is) {
    case 'plain':
    case 'eq':
      return equals(place, test.value);
    case 'ne':
      return differs(place, test.value);
    case 'not':
      return isNot(place, test.value);
    case 'is':
      return isExactly(place, test.value);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compared(place, test.is, valueOf(place, test.value));
    case 'list':
    case 'in':
      return isIn(place, test.values);
    case 'notIn':
    case 'notList':
      return isNotIn(place, test.values);
    case 'between':
      return isBetween(place, test.values);
    case 'notBetween':
      return not(isBetween(place, test.values));
    case 'likeAny':
    case 'iLikeAny':
      return onText(place, (text) =>
        test.patterns.some((pattern) => isLike(text, pattern, test.is === 'iLikeAny')),
      );
    case 'either':
      return some(test.tests.map((part) => truthOfTest(place, part)));
    case 'both':
      return every(test.tests.map((part) => truthOfTest(place, part)));
    case 'lowered':
      return lowered(place, test.op, test.value);
    case 'beside':
      return beside(place, test.op, test.other);
    default:
      return onText(place, (text) => matches(text, test.is, test.pattern));
  }
}

/** Evaluate a condition as PostgreSQL does, in three-valued logic. */
export function truthOf(condition: Condition, binding: Binding, terms: Terms): Truth {
  if ('and' in condition) {
    return every(condition.and.map((part) => truthOf(part, binding, terms)));
  }
  if ('or' in condition) return some(condition.or.map((part) => truthOf(part, binding, terms)));
  if ('not' in condition) return not(truthOf(condition.not, binding, terms));
  const { path, attribute, test } = condition;
  const at = path === undefined ? binding : binding.at?.[path];
  if (!at) throw new Error(`Nothing is included as ${path ?? ''}.`);
  const column = conditionColumn(at.name, attribute);
  return truthOfTest({ terms, column, row: at.row, name: at.name }, test);
}

/** The paths that a condition names. */
export function pathsOf(condition: Condition): string[] {
  if ('and' in condition) return condition.and.flatMap(pathsOf);
  if ('or' in condition) return condition.or.flatMap(pathsOf);
  if ('not' in condition) return pathsOf(condition.not);
  return condition.path === undefined ? [] : [condition.path];
}
