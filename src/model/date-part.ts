import { Op, type WhereOptions } from 'sequelize';

/** A part of a date. */
export type PartOfDate = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

/** Whole numbers, or `null`. */
export type DatePartValue = number | null;

/** What {@link datePart} compares with: a value, a list of them, or Sequelize's operators. */
export type DatePartComparison =
  | DatePartValue
  | readonly DatePartValue[]
  | {
      readonly [Op.eq]?: DatePartValue;
      readonly [Op.ne]?: DatePartValue;
      readonly [Op.gt]?: number;
      readonly [Op.gte]?: number;
      readonly [Op.lt]?: number;
      readonly [Op.lte]?: number;
      readonly [Op.between]?: readonly [number, number];
      readonly [Op.notBetween]?: readonly [number, number];
      readonly [Op.in]?: readonly DatePartValue[];
      readonly [Op.notIn]?: readonly DatePartValue[];
      readonly [Op.is]?: null;
      readonly [Op.not]?: DatePartValue | readonly DatePartValue[];
      readonly [Op.and]?: readonly DatePartComparison[];
      readonly [Op.or]?: readonly DatePartComparison[];
    };

const parts: readonly string[] = ['year', 'month', 'day', 'hour', 'minute', 'second'];

/**
 * A condition on a part of a date: of an instant in UTC, of a day as it is. It stands wherever a
 * condition may stand, in `Op.and`, `Op.or` and `Op.not`, too.
 *
 * @param comparison - with whole numbers: months and days count from 1.
 * @throws TypeError when the part or the comparison is none.
 * @example
 * await Organisation.findAll({ where: datePart('year', 'foundedOn', { [Op.lt]: 1900 }) });
 */
export function datePart(
  part: PartOfDate,
  attribute: string,
  comparison: DatePartComparison,
): WhereOptions {
  if (!parts.includes(part))
    throw new TypeError(`datePart knows ${parts.join(', ')}, not ${part}.`);
  printed('', comparison);
  const condition: object = { [attribute]: new DatePartCondition(part, comparison) };
  return condition as WhereOptions;
}

/** Sequelize's own printer, with the column that a condition stands under. */
type PrintColumn = (value: unknown) => string;

/**
 * The value under an attribute that {@link datePart} makes.
 *
 * NOTE: Sequelize 6 knows the column, quoted and with its table, only where it prints `column = value`,
 * and gives a value of one's own no say in that, except a list of alternatives under `Op.or`, which
 * it prints by `map`. This is such a list: it has `column = date` printed, and takes the column out.
 */
export class DatePartCondition {
  constructor(
    readonly part: PartOfDate,
    readonly comparison: DatePartComparison,
  ) {}

  /** Not a plain object, which Sequelize would take for operators. */
  get [Op.or](): this {
    return this;
  }

  /** What Sequelize prints of the condition. */
  map(print: PrintColumn): string[] {
    return [this.#sql(print)];
  }

  #sql(print: PrintColumn): string {
    const match = /^(.*) = '([^']*)'$/s.exec(print({ [Op.eq]: new Date(0) }));
    const [, column, example = ''] = match ?? [];
    if (column === undefined) throw new Error('This version of Sequelize cannot print datePart.');
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(example);
    const moment = isDay ? `${column}::timestamp` : `${column} AT TIME ZONE 'UTC'`;
    return printed(`FLOOR(EXTRACT(${this.part.toUpperCase()} FROM ${moment}))`, this.comparison);
  }
}

/** `left` compared, in SQL. */
function printed(left: string, comparison: unknown): string {
  if (Array.isArray(comparison)) return printedOperator(left, Op.in, comparison);
  if (typeof comparison !== 'object' || comparison === null) {
    return printedOperator(left, Op.eq, comparison);
  }
  const operators = Object.getOwnPropertySymbols(comparison);
  const isGroup = operators.includes(Op.and) || operators.includes(Op.or);
  if (operators.length === 0 || Object.keys(comparison).length > 0) throw notComparison();
  if (isGroup && operators.length > 1) throw notComparison();
  const all = operators.map((op) =>
    printedOperator(left, op, (comparison as Record<symbol, unknown>)[op]),
  );
  return `(${all.join(' AND ')})`;
}

type Printer = (left: string, value: unknown) => string;

function byNumber(sign: string): Printer {
  return (left, value) => `${left} ${sign} ${number(value)}`;
}

function byNumberOrNull(sign: string, withNull: string): Printer {
  return (left, value) => (value === null ? `${left} ${withNull}` : byNumber(sign)(left, value));
}

function byRange(name: 'BETWEEN' | 'NOT BETWEEN'): Printer {
  return (left, value) => {
    const [low, high] = list(value);
    return `${left} ${name} ${number(low)} AND ${number(high)}`;
  };
}

const equals = byNumberOrNull('=', 'IS NULL');
const differs = byNumberOrNull('<>', 'IS NOT NULL');
const isOneOf: Printer = (left, value) => printedList(left, 'IN', list(value));
const isNoneOf: Printer = (left, value) => printedList(left, 'NOT IN', list(value));

const printers = new Map<symbol, Printer>([
  [Op.eq, equals],
  [Op.is, equals],
  [Op.ne, differs],
  [Op.not, (left, value) => (Array.isArray(value) ? isNoneOf : differs)(left, value)],
  [Op.gt, byNumber('>')],
  [Op.gte, byNumber('>=')],
  [Op.lt, byNumber('<')],
  [Op.lte, byNumber('<=')],
  [Op.between, byRange('BETWEEN')],
  [Op.notBetween, byRange('NOT BETWEEN')],
  [Op.in, isOneOf],
  [Op.notIn, isNoneOf],
  [Op.and, (left, value) => printedGroup(left, 'AND', list(value))],
  [Op.or, (left, value) => printedGroup(left, 'OR', list(value))],
]);

function printedOperator(left: string, op: symbol, value: unknown): string {
  const print = printers.get(op);
  if (!print) throw notComparison();
  return print(left, value);
}

function printedList(left: string, name: 'IN' | 'NOT IN', values: readonly unknown[]): string {
  if (values.length === 0 && name === 'NOT IN') throw notComparison();
  const shown = values.map((value) => (value === null ? 'NULL' : number(value)));
  return `${left} ${name} (${shown.join(', ') || 'NULL'})`;
}

function printedGroup(left: string, name: 'AND' | 'OR', members: readonly unknown[]): string {
  if (members.length === 0) throw notComparison();
  return `(${members.map((member) => printed(left, member)).join(` ${name} `)})`;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw notComparison();
  return value;
}

function number(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw notComparison();
}

function notComparison(): TypeError {
  return new TypeError(
    'datePart compares with numbers: 1998, [1998, 1999], null, or { [Op.gte]: 1998 } with one of ' +
      "Sequelize's operators eq, ne, gt, gte, lt, lte, between, notBetween, in, notIn, is, not; and, or " +
      'stand alone; lists have members.',
  );
}
