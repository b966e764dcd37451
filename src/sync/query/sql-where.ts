import { Op, Utils } from 'sequelize';
import { namedAttribute } from './attributes';
import { undecided, type Bound } from './bound';
import { boundOfLeaf } from './leaf';
import type { QueryContext, Subject } from './subject';

/** `sequelize.where(left, comparator, right)`. */
interface WhereMethod {
  readonly attribute: unknown;
  readonly comparator: unknown;
  readonly logic: unknown;
}

interface FunctionMethod {
  readonly fn: string;
  readonly args: readonly unknown[];
}

const classes = Utils as unknown as Record<'Where' | 'Fn' | 'Col', new () => object>;

/** NOTE: when Sequelize prints a condition, it replaces the operator in it by its SQL. */
const printedOperators = new Map<unknown, symbol>([
  ['=', Op.eq],
  ['!=', Op.ne],
  ['<>', Op.ne],
  ['>', Op.gt],
  ['>=', Op.gte],
  ['<', Op.lt],
  ['<=', Op.lte],
  ['LIKE', Op.like],
  ['NOT LIKE', Op.notLike],
  ['ILIKE', Op.iLike],
  ['NOT ILIKE', Op.notILike],
  ['BETWEEN', Op.between],
  ['NOT BETWEEN', Op.notBetween],
]);

/**
 * Find the filter that bounds a condition in SQL's own words: `where(col('name'), …)` is a comparison
 * like any other, `where(fn('lower', col('name')), …)` one without case. The rest is left to the
 * local query.
 */
export function boundOfMethod(context: QueryContext, method: unknown, negated: boolean): Bound {
  if (!(method instanceof classes.Where))
    return undecided('a condition in SQL (literal, fn, json)');
  const { attribute: left, comparator, logic } = method as unknown as WhereMethod;
  const op = typeof comparator === 'symbol' ? comparator : printedOperators.get(comparator);
  const bound = op && boundOf(context, left, { op, value: logic, negated });
  const found = bound ?? undecided('a condition in SQL (where)');
  context.note?.({ attribute: 'where(…)', op: op ?? Op.eq, value: logic, negated, bound: found });
  return found;
}

interface Operation {
  readonly op: symbol;
  readonly value: unknown;
  readonly negated: boolean;
}

function boundOf(context: QueryContext, left: unknown, operation: Operation): Bound | undefined {
  const { op, value, negated } = operation;
  const column = columnOf(context, left);
  if (column) {
    if (!isPrintedAlike(column, op, value)) return undefined;
    // Sequelize prints `IS` for both of these where the value is null.
    return boundOfLeaf(column.subject, operation);
  }
  if (!(left instanceof classes.Fn) || op !== Op.eq || negated) return undefined;
  const { fn, args } = left as unknown as FunctionMethod;
  const folded = args.length === 1 ? columnOf(context, args[0]) : undefined;
  if (!/^(lower|upper)$/i.test(fn) || folded?.kind !== 'string') return undefined;
  if (typeof value !== 'string') return undefined;
  // What is equal after folding is alike without case.
  return boundOfLeaf(folded.subject, { op: Op.iLike, value: escaped(value), negated });
}

/** A text as a pattern that matches nothing but it. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

interface Column {
  readonly subject: Subject;
  readonly kind: string;
}

/** `col('founded_on')`, `col('Organisation.founded_on')` */
function columnOf(context: QueryContext, value: unknown): Column | undefined {
  if (!(value instanceof classes.Col)) return undefined;
  const { col } = value as unknown as { col: unknown };
  if (typeof col !== 'string') return undefined;
  const names = col.split('.');
  const column = names.at(-1) ?? '';
  if (names.length > 2 || (names.length === 2 && names[0] !== context.mapping.model.name)) {
    return undefined;
  }
  const attributes = Object.entries(context.mapping.model.getAttributes());
  const attribute = attributes.find(([, { field }]) => field === column)?.[0];
  const named = attribute === undefined ? undefined : namedAttribute(context, attribute);
  if (named === undefined || typeof named === 'string') return undefined;
  return { subject: named.subject, kind: named.property.kind };
}

/** NOTE: without an attribute's type, Sequelize prints values by their own: only some come out alike. */
function isPrintedAlike({ kind }: Column, op: symbol, value: unknown): boolean {
  if (op === Op.between || op === Op.notBetween) {
    return (
      Array.isArray(value) && value.every((one) => isPrintedAlike({ kind } as Column, Op.eq, one))
    );
  }
  if (value === null) return op === Op.eq || op === Op.ne;
  return printedAlike[kind]?.(value) ?? false;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

const printedAlike: Readonly<Record<string, ((value: unknown) => boolean) | undefined>> = {
  string: isText,
  integer: isNumber,
  optionSet: isNumber,
  decimal: isNumber,
  money: isNumber,
  boolean: (value) => typeof value === 'boolean',
  dateTime: (value) => value instanceof Date,
  dateOnly: isText,
  guid: isText,
};
