import { Op, Utils, type WhereOptions } from 'sequelize';
import { DatePartCondition } from '../../model/date-part';
import { namedAttribute, namedPart } from './attributes';
import { allOf, anyOf, everything, nothingAtAll, undecided, type Bound } from './bound';
import { boundOfLeaf } from './leaf';
import { spelledOut } from './spelled-out';
import { boundOfMethod } from './sql-where';
import type { QueryContext, Subject } from './subject';

/**
 * Find the legacy filter that bounds a Sequelize condition.
 *
 * Negations are carried down to the comparisons (De Morgan holds in SQL's three-valued logic, too),
 * so that each comparison is widened in its own direction: a widened one under a NOT would be a
 * narrowed one. The walk follows Sequelize 6 in what it makes of a condition: parts that it leaves
 * out of the statement (an empty AND, an empty exclusion) are left out here, and alternatives under
 * `Op.or` hide the operators beside them.
 *
 * @param where - with scopes merged in, by attribute names, as Sequelize takes it.
 */
export function boundOfWhere(context: QueryContext, where: WhereOptions | undefined): Bound {
  return boundOfItem(context, where, false) ?? everything;
}

/** A part of a condition; undefined when Sequelize leaves it out. */
type Part = Bound | undefined;

const operators = new Set<unknown>(Object.values(Op));

function isMethod(value: unknown): boolean {
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  return value instanceof SequelizeMethod;
}

function standsAlone(value: unknown): boolean {
  const { Fn } = Utils as unknown as { Fn: new () => object };
  return isMethod(value) && !(value instanceof Fn);
}

function isPlain(value: unknown): value is Record<string | symbol, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What Sequelize looks at in an object: its operators, then its names. */
function keysOf(node: object): (string | symbol)[] {
  const symbols = Object.getOwnPropertySymbols(node).filter((key) => operators.has(key));
  return [...symbols, ...Object.keys(node)];
}

function isSet(part: Part): part is Bound {
  return part !== undefined;
}

/** Parts joined by AND, or under a negation the negations of those. */
function joined(parts: readonly Part[], negated: boolean): Part {
  const left = parts.filter(isSet);
  if (left.length === 0) return undefined;
  return negated ? anyOf(left) : allOf(left);
}

/** Parts joined by OR, or under a negation the negations of those. */
function alternatives(parts: readonly Part[], negated: boolean): Part {
  const left = parts.filter(isSet);
  if (left.length === 0) return undefined;
  return negated ? allOf(left) : anyOf(left);
}

/** NOTE: Sequelize prints an empty OR and an empty NOT as `0 = 1`. */
function never(negated: boolean): Bound {
  return negated ? everything : nothingAtAll;
}

/** One member of a group, or the whole condition. */
function boundOfItem(context: QueryContext, node: unknown, negated: boolean): Part {
  if (node === undefined || node === null) return undefined;
  if (isMethod(node)) return boundOfMethod(context, node, negated);
  if (Array.isArray(node)) {
    if (node.some((part) => typeof part === 'string')) return undecided('a condition in SQL');
    return joined(
      node.map((part) => boundOfItem(context, part, negated)),
      negated,
    );
  }
  if (!isPlain(node)) return undecided('a condition in SQL');
  return joined(
    keysOf(node).map((key) => boundOfKey(context, { key, value: node[key] }, negated)),
    negated,
  );
}

interface Entry {
  readonly key: string | symbol;
  readonly value: unknown;
}

/** NOTE: whatever a `where()` or `literal()` stands under, Sequelize prints it alone. */
function boundOfKey(context: QueryContext, { key, value }: Entry, negated: boolean): Part {
  if (standsAlone(value)) return boundOfMethod(context, value, negated);
  if (key === Op.and) return boundOfItem(context, value, negated);
  if (key === Op.not) return boundOfItem(context, value, !negated) ?? never(negated);
  if (key === Op.or) {
    const parts = Array.isArray(value)
      ? value.map((part) => boundOfItem(context, part, negated))
      : isPlain(value)
        ? keysOf(value).map((one) => boundOfKey(context, { key: one, value: value[one] }, negated))
        : [boundOfItem(context, value, negated)];
    return alternatives(parts, negated) ?? never(negated);
  }
  if (typeof key === 'symbol') return undecided(`the operator ${String(key.description)}`);
  const compared = comparedBy(context, key);
  if (value instanceof DatePartCondition) return boundOfPart(context, key, value, negated);
  return boundOfValue(context, { ...compared, value }, negated);
}

function boundOfPart(
  context: QueryContext,
  attribute: string,
  { part, comparison }: DatePartCondition,
  negated: boolean,
): Part {
  const subject = namedPart(context, attribute, part);
  const name = `${part} of ${attribute}`;
  return boundOfValue(context, { name, subject, value: comparison }, negated);
}

/** A left side and what it is compared with. */
interface Comparison {
  readonly name: string;
  /** A text says why it cannot be sent. */
  readonly subject: Subject | string;
  /** The attribute, where values of its type are spelt out by Sequelize. */
  readonly attribute?: string;
  readonly value: unknown;
}

function comparedBy(context: QueryContext, key: string): Omit<Comparison, 'value'> {
  const name = key;
  if (/^\$.*\$$/.test(key)) return { name, subject: `${key} is on another model` };
  const named = namedAttribute(context, key);
  return { name, attribute: key, subject: typeof named === 'string' ? named : named.subject };
}

/** What stands beside an attribute; also each alternative under it. */
function boundOfValue(context: QueryContext, comparison: Comparison, negated: boolean): Part {
  const { name, value } = comparison;
  if (value instanceof DatePartCondition) return undecided(`a part of a date below ${name}`);
  if (isMethod(value)) return noted(context, comparison, { op: Op.eq, value, negated });
  if (Array.isArray(value)) return noted(context, comparison, { op: Op.in, value, negated });
  if (!isPlain(value)) return noted(context, comparison, { op: Op.eq, value, negated });
  const under = (members: unknown): readonly Part[] =>
    (Array.isArray(members) ? (members as unknown[]) : singleOperators(members)).map((one) =>
      boundOfValue(context, { ...comparison, value: one }, negated),
    );
  if (value[Op.or]) return alternatives(under(value[Op.or]), negated);
  if (value[Op.and]) return joined(under(value[Op.and]), negated);
  const keys = keysOf(value);
  if (keys.length === 0 || keys.some((key) => typeof key === 'string')) {
    return undecided(`a path into the JSON of ${name}`);
  }
  return joined(
    keys.map((op) =>
      boundOfOperator(context, comparison, { op: op as symbol, value: value[op], negated }),
    ),
    negated,
  );
}

/** `{ [Op.gt]: 1, [Op.lt]: 5 }` as two conditions. */
function singleOperators(value: unknown): readonly unknown[] {
  return isPlain(value) ? keysOf(value).map((key) => ({ [key]: value[key] })) : [value];
}

interface Operation {
  readonly op: symbol;
  readonly value: unknown;
  readonly negated: boolean;
}

function boundOfOperator(
  context: QueryContext,
  comparison: Comparison,
  operation: Operation,
): Part {
  const { op, value } = operation;
  const isEmpty = Array.isArray(value) && value.length === 0;
  // NOTE: Sequelize leaves an empty exclusion out.
  if (isEmpty && (op === Op.notIn || op === Op.not)) return undefined;
  return noted(context, comparison, operation);
}

function noted(context: QueryContext, comparison: Comparison, operation: Operation): Bound {
  const { name, subject, attribute } = comparison;
  const { op, value, negated } = operation;
  const bound = boundOfOperation(context, { subject, attribute, name }, operation);
  context.note?.({ attribute: name, op, value, negated, bound });
  return bound;
}

function boundOfOperation(
  context: QueryContext,
  { subject, attribute, name }: Omit<Comparison, 'value'>,
  { op, value, negated }: Operation,
): Bound {
  if (typeof subject === 'string') return undecided(subject);
  if (isMethod(value)) return undecided(`${name} is compared with an SQL expression`);
  if (Array.isArray(value) && value.some(isMethod)) {
    return undecided(`${name} is compared with an SQL expression`);
  }
  const known = attribute === undefined ? value : spelledOut(context, attribute, value);
  return boundOfLeaf(subject, { op, value: known, negated });
}
