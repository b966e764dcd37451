import { Op } from 'sequelize';
import type { LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';
import { allOf, anyOf, nothingAtAll, undecided, widened, type Bound } from './bound';
import type { SingleComparison, Subject } from './subject';

/** One comparison of a subject with a value, by one of Sequelize's operators. */
export interface Leaf {
  readonly op: symbol;
  /** As Sequelize takes it, dates spelt out. */
  readonly value: unknown;
  readonly negated: boolean;
}

const singles = new Map<symbol, SingleComparison>([
  [Op.eq, 'eq'],
  [Op.ne, 'ne'],
  [Op.gt, 'gt'],
  [Op.gte, 'ge'],
  [Op.lt, 'lt'],
  [Op.lte, 'le'],
]);

const opposites: Record<SingleComparison, SingleComparison> = {
  eq: 'ne',
  ne: 'eq',
  gt: 'le',
  le: 'gt',
  lt: 'ge',
  ge: 'lt',
};

/** Patterns: how the value becomes one, whether case counts, whether it must not match. */
const patterns = new Map<symbol, { around: [string, string]; any?: boolean; not?: boolean }>([
  [Op.like, { around: ['', ''] }],
  [Op.notLike, { around: ['', ''], not: true }],
  [Op.iLike, { around: ['', ''], any: true }],
  [Op.notILike, { around: ['', ''], any: true, not: true }],
  // NOTE: Sequelize 6 builds these as patterns, without escaping wildcards in the value.
  [Op.startsWith, { around: ['', '%'] }],
  [Op.endsWith, { around: ['%', ''] }],
  [Op.substring, { around: ['%', '%'] }],
]);

const expressions = new Map<symbol, { any?: boolean; not?: boolean }>([
  [Op.regexp, {}],
  [Op.notRegexp, { not: true }],
  [Op.iRegexp, { any: true }],
  [Op.notIRegexp, { any: true, not: true }],
]);

/** Longer lists of excluded values do not narrow an answer enough to be worth their length. */
const maxExcluded = 20;

/**
 * Find the legacy filter that bounds one comparison. A null on the right matches nothing, negated or
 * not, as in SQL's three-valued logic.
 */
export function boundOfLeaf(subject: Subject, leaf: Leaf): Bound {
  try {
    return boundOfOperator(subject, leaf);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undecided(`${subject.name}: ${error.message}`);
  }
}

function boundOfOperator(subject: Subject, leaf: Leaf): Bound {
  const { op, value, negated } = leaf;
  const single = singles.get(op);
  if (single !== undefined) return boundOfSingle(subject, leaf, single);
  if (op === Op.is || op === Op.not) return boundOfIs(subject, leaf);
  if (op === Op.in || op === Op.notIn || op === Op.any) {
    return boundOfList(subject, value, negated !== (op === Op.notIn));
  }
  if (op === Op.between || op === Op.notBetween) {
    return boundOfBetween(subject, value, negated !== (op === Op.notBetween));
  }
  if (patterns.has(op) || expressions.has(op)) return boundOfText(subject, leaf);
  return undecided(`the operator ${String(op.description)} on ${subject.name}`);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** The members of `{ [Op.any]: […] }` or `{ [Op.all]: […] }`. */
function quantified(value: unknown): { any: boolean; members: readonly unknown[] } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { [Op.any]: any, [Op.all]: all } = value as { [Op.any]?: unknown; [Op.all]?: unknown };
  if (Array.isArray(any)) return { any: true, members: any };
  return Array.isArray(all) ? { any: false, members: all } : undefined;
}

function boundOfSingle(subject: Subject, leaf: Leaf, given: SingleComparison): Bound {
  const { value, negated } = leaf;
  const list = quantified(value);
  if (list)
    return boundOfQuantified(
      list,
      (member) => boundOfOperator(subject, { ...leaf, value: member }),
      negated,
    );
  const op = negated ? opposites[given] : given;
  // NOTE: only `= null` and `<> null` become IS; Sequelize prints `= NULL` for undefined.
  if (value === null && (given === 'eq' || given === 'ne')) {
    return op === 'eq' ? subject.absent : subject.present;
  }
  if (isNothing(value)) return nothingAtAll;
  requireScalar(value);
  return subject.compare(op, value);
}

function boundOfQuantified(
  { any, members }: { any: boolean; members: readonly unknown[] },
  boundOfMember: (member: unknown) => Bound,
  negated: boolean,
): Bound {
  const parts = members.map((member) => (member === null ? nothingAtAll : boundOfMember(member)));
  return any !== negated ? together('any', parts) : together('all', parts);
}

function together(quantifier: 'any' | 'all', parts: readonly Bound[]): Bound {
  return quantifier === 'any' ? merged(anyOf(parts)) : allOf(parts);
}

/** `IS` and `IS NOT`, and what Sequelize makes of `Op.not` with other values. */
function boundOfIs(subject: Subject, { op, value, negated }: Leaf): Bound {
  const isNot = (op === Op.not) !== negated;
  if (value === null) return isNot ? subject.present : subject.absent;
  if (typeof value === 'boolean') {
    if (!isNot) return subject.compare('eq', value);
    // IS NOT TRUE matches nulls, too.
    return anyOf([subject.compare('ne', value), subject.absent]);
  }
  if (op === Op.is) return undecided(`IS with ${typeof value} on ${subject.name}`);
  if (Array.isArray(value)) return boundOfList(subject, value, !negated);
  return boundOfOperator(subject, { op: Op.ne, value, negated });
}

function boundOfList(subject: Subject, value: unknown, negated: boolean): Bound {
  if (!Array.isArray(value)) return undecided(`${subject.name} is compared with a sub-query`);
  const members: readonly unknown[] = value;
  const given = members.filter((member) => !isNothing(member));
  given.forEach(requireScalar);
  if (!negated) return merged(anyOf(given.map((member) => subject.compare('eq', member))));
  // `x NOT IN (a, NULL)` is never true, and an empty list is printed as `(NULL)`.
  if (members.length === 0 || given.length < members.length) return nothingAtAll;
  if (given.length > maxExcluded) {
    return widened(subject.present, `a long list of excluded values of ${subject.name}`);
  }
  return allOf(given.map((member) => subject.compare('ne', member)));
}

function boundOfBetween(subject: Subject, value: unknown, negated: boolean): Bound {
  if (!Array.isArray(value)) return undecided(`a range of ${subject.name}`);
  const [low, high] = value as [unknown, unknown];
  const side = (op: SingleComparison, edge: unknown): Bound => {
    if (isNothing(edge)) return nothingAtAll;
    requireScalar(edge);
    return subject.compare(op, edge);
  };
  return negated
    ? anyOf([side('lt', low), side('gt', high)])
    : allOf([side('ge', low), side('le', high)]);
}

function boundOfText(subject: Subject, leaf: Leaf): Bound {
  const { op, value, negated } = leaf;
  const list = quantified(value);
  if (list && patterns.has(op))
    return boundOfQuantified(
      list,
      (member) => boundOfText(subject, { ...leaf, value: member }),
      negated,
    );
  if (isNothing(value)) return nothingAtAll;
  if (typeof value !== 'string' && typeof value !== 'number') {
    return undecided(`${subject.name} is compared with what is no pattern`);
  }
  return boundOfPattern(subject, { op, value: String(value), negated });
}

function boundOfPattern(
  subject: Subject,
  { op, value, negated }: Leaf & { readonly value: string },
): Bound {
  if (!subject.like || !subject.matches) return undecided(`a pattern on ${subject.name}`);
  const pattern = patterns.get(op);
  const { any = false, not = false } = pattern ?? expressions.get(op) ?? {};
  if (not !== negated) return widened(subject.present, `a negated pattern on ${subject.name}`);
  if (!pattern) return subject.matches(value, any);
  const [before, after] = pattern.around;
  return subject.like(`${before}${value}${after}`, any);
}

function requireScalar(value: unknown): void {
  const isScalar = typeof value !== 'object' || value instanceof Date;
  if (!isScalar || typeof value === 'symbol' || typeof value === 'function') {
    throw new RangeError('the value is not a single one');
  }
}

/** Alternatives of one property are one list, which the client can split. */
function merged(bound: Bound): Bound {
  const { filter } = bound;
  if (typeof filter === 'string' || filter.op !== 'or') return bound;
  const [first] = filter.filters;
  if (first?.op !== 'eq') return bound;
  const values = filter.filters.flatMap((one) => (isSameEquality(one, first) ? [one.value] : []));
  if (values.length < filter.filters.length) return bound;
  return { ...bound, filter: { op: 'in', property: first.property, values } };
}

type Equality = Extract<LegacyFilter, { property: LegacyProperty; value: LegacyValue }>;

function isSameEquality(filter: LegacyFilter, first: Equality): filter is Equality {
  return filter.op === 'eq' && filter.property.name === first.property.name;
}
