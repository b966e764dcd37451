import { Op, Utils, type WhereOptions } from 'sequelize';
import { allOf, anyOf, everything, undecided, type Bound } from './bound';
import { boundOfLeaf, type LeafContext } from './leaf';

/**
 * Find the legacy filter that bounds a Sequelize condition.
 *
 * Negations are carried down to the comparisons (De Morgan holds in SQL's three-valued logic, too),
 * so that each comparison is widened in its own direction: a widened one under a NOT would be a
 * narrowed one.
 *
 * @param where - with scopes merged in, by attribute names, as Sequelize takes it.
 */
export function boundOfWhere(context: LeafContext, where: WhereOptions | undefined): Bound {
  return boundOfNode(context, where, false);
}

function isMethod(value: unknown): boolean {
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  return value instanceof SequelizeMethod;
}

function isPlain(value: unknown): value is Record<string | symbol, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function keysOf(node: object): (string | symbol)[] {
  return Reflect.ownKeys(node);
}

function together(parts: readonly Bound[], negated: boolean): Bound {
  return negated ? anyOf(parts) : allOf(parts);
}

function eitherOf(parts: readonly Bound[], negated: boolean): Bound {
  return negated ? allOf(parts) : anyOf(parts);
}

function boundOfNode(context: LeafContext, node: unknown, negated: boolean): Bound {
  if (node === undefined || node === null) return negated ? undecided('an empty NOT') : everything;
  if (Array.isArray(node)) {
    if (typeof node[0] === 'string') return undecided('a condition in SQL');
    return together(
      node.map((part) => boundOfNode(context, part, negated)),
      negated,
    );
  }
  if (!isPlain(node)) return undecided('a condition in SQL (literal, fn, where, json)');
  const keys = keysOf(node);
  if (keys.length === 0) return negated ? undecided('an empty NOT') : everything;
  return together(
    keys.map((key) => boundOfKey(context, { key, value: node[key] }, negated)),
    negated,
  );
}

interface Entry {
  readonly key: string | symbol;
  readonly value: unknown;
}

function boundOfKey(context: LeafContext, { key, value }: Entry, negated: boolean): Bound {
  if (key === Op.and && isEmptyList(value)) return undecided('an empty AND, which Sequelize drops');
  if (key === Op.and) return boundOfNode(context, value, negated);
  if (key === Op.not) return boundOfNode(context, value, !negated);
  if (key === Op.or) {
    return eitherOf(
      alternatives(value).map((part) => boundOfNode(context, part, negated)),
      negated,
    );
  }
  if (typeof key === 'symbol') return undecided(`the operator ${String(key)}`);
  return boundOfValue(context, { attribute: key, value }, negated);
}

/** `{ a: 1, b: 2 }` under OR means a or b. */
function alternatives(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (isPlain(value)) return keysOf(value).map((key) => ({ [key]: value[key] }));
  return [value];
}

interface Comparison {
  readonly attribute: string;
  readonly value: unknown;
}

function boundOfValue(context: LeafContext, comparison: Comparison, negated: boolean): Bound {
  const { attribute, value } = comparison;
  if (isMethod(value)) return undecided(`${attribute} is compared with an SQL expression`);
  if (Array.isArray(value)) return boundOfLeaf(context, { attribute, op: Op.in, value, negated });
  if (!isPlain(value)) return boundOfLeaf(context, { attribute, op: Op.eq, value, negated });
  const keys = keysOf(value);
  if (keys.some((key) => typeof key === 'string')) {
    return undecided(`a path into the JSON of ${attribute}`);
  }
  return together(
    keys.map((key) => boundOfOperator(context, { attribute, key, value: value[key] }, negated)),
    negated,
  );
}

function boundOfOperator(
  context: LeafContext,
  { attribute, key, value }: Comparison & { readonly key: string | symbol },
  negated: boolean,
): Bound {
  if (isMethod(value)) return undecided(`${attribute} is compared with an SQL expression`);
  if (key !== Op.in && isEmptyList(value)) {
    return undecided(`an empty list for ${attribute}, which Sequelize drops`);
  }
  const parts = (values: readonly unknown[]): Bound[] =>
    values.map((part) => boundOfValue(context, { attribute, value: part }, negated));
  if (key === Op.and) return together(parts(alternatives(value)), negated);
  if (key === Op.or) return eitherOf(parts(alternatives(value)), negated);
  if (key === Op.not && isPlain(value)) {
    return boundOfValue(context, { attribute, value }, !negated);
  }
  return boundOfLeaf(context, { attribute, op: key as symbol, value, negated });
}
