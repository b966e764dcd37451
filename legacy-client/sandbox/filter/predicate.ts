import type { LegacyValue, PropertyKind } from '../../entity';
import type { SandboxRecord } from '../control';
import { comparable, compareValues, type Comparable } from '../store/comparable';
import { compareDecimals } from '../store/decimal';
import type { Expression } from './expression';
import { likePattern, literalPattern } from './like-pattern';

/** Tells whether a record fits. */
export type Predicate = (record: SandboxRecord) => boolean;

type Comparison = Extract<Expression, { type: 'compare' }>;
type Match = Extract<Expression, { type: 'match' }>;
type Known<T> = Exclude<T, null>;

/** What an operator makes of the order of two values. */
const holds: Record<Comparison['operator'], (order: number) => boolean> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

/** The order of a stored value against a fixed one: made once, run for every record of a scan. */
function orderAgainst(
  kind: PropertyKind,
  value: Known<Comparable>,
): (stored: Known<LegacyValue>) => number {
  if (kind === 'decimal' || kind === 'money') {
    const wanted = Number(value);
    return (stored) => Number(stored) - wanted || compareDecimals(String(stored), String(value));
  }
  if (kind === 'dateTime') {
    const wanted = Number(value);
    return (stored) => (stored instanceof Date ? stored.getTime() : Number.NaN) - wanted;
  }
  if (kind === 'integer' || kind === 'optionSet') return (stored) => Number(stored) - Number(value);
  return (stored) => compareValues(kind, comparable(kind, stored), value);
}

/**
 * NOTE: there is no third truth value here. A comparison with a record's null is false, and `ne`
 * and `not` are true negations, so `ne 'x'` finds records without a value too: the CRM turns
 * them into `<> 'x' or is null`.
 */
function comparePredicate({ operator, property, value }: Comparison): Predicate {
  const { name, kind } = property;
  if (value === null) {
    const isWanted = operator === 'eq' || operator === 'ne' ? holds[operator] : () => false;
    return (record) => isWanted((record[name] ?? null) === null ? 0 : 1);
  }
  const order = orderAgainst(kind, value);
  const isWanted = holds[operator];
  const withoutValue = operator === 'ne';
  return (record) => {
    const stored = record[name] ?? null;
    return stored === null ? withoutValue : isWanted(order(stored));
  };
}

function matchPredicate({ function: stringFunction, property, text, wildcards }: Match): Predicate {
  const { name } = property;
  const pattern = (wildcards ? likePattern : literalPattern)(stringFunction, text);
  return (record) => {
    const value = record[name];
    return typeof value === 'string' && pattern.test(value);
  };
}

/** Compile a filter into a function on records. */
export function compilePredicate(expression: Expression): Predicate {
  switch (expression.type) {
    case 'and': {
      const operands = expression.operands.map(compilePredicate);
      return (record) => operands.every((operand) => operand(record));
    }
    case 'or': {
      const operands = expression.operands.map(compilePredicate);
      return (record) => operands.some((operand) => operand(record));
    }
    case 'not': {
      const operand = compilePredicate(expression.operand);
      return (record) => !operand(record);
    }
    case 'compare':
      return comparePredicate(expression);
    case 'match':
      return matchPredicate(expression);
    case 'in': {
      const { name, kind } = expression.property;
      const values = new Set(expression.values);
      if (kind !== 'decimal' && kind !== 'money') {
        return (record) => values.has(comparable(kind, record[name]));
      }
      return (record) =>
        expression.values.some(
          (value) => compareValues(kind, comparable(kind, record[name]), value) === 0,
        );
    }
  }
}
