import fc from 'fast-check';
import {
  conditionColumn,
  type CompareOp,
  type Condition,
  type Leaf,
  type PatternOp,
  type Test,
} from '../oracle/conditions';
import { entityOf, type Column, type ModelName } from '../oracle/facts';
import { asked, lowerText, part, pattern, ref, regexp } from './values';

const compare: readonly CompareOp[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'];
const patternOps: readonly PatternOp[] = ['like', 'notLike', 'iLike', 'notILike'];
const partOps: readonly PatternOp[] = ['startsWith', 'endsWith', 'substring'];
const regexpOps: readonly PatternOp[] = ['regexp', 'notRegexp', 'iRegexp', 'notIRegexp'];

const isOrdered = ({ kind }: Column): boolean => !['lookup', 'boolean'].includes(kind);

function valueTests(column: Column): fc.Arbitrary<Test>[] {
  const value = asked(column);
  const orNull = fc.oneof({ weight: 9, arbitrary: value }, fc.constant(null));
  const list = fc.array(orNull, { maxLength: 4 });
  const ops = isOrdered(column) ? compare : compare.slice(0, 2);
  return [
    fc.record({ is: fc.constantFrom('plain', 'not', 'eq', 'ne'), value: orNull }),
    fc.record({ is: fc.constantFrom(...ops), value }),
    fc.record({ is: fc.constantFrom('list', 'in'), values: list }),
    fc.record({
      is: fc.constantFrom('notIn', 'notList'),
      values: fc.array(orNull, { minLength: 1, maxLength: 4 }),
    }),
    fc.constant({ is: 'is', value: null }),
  ];
}

function rangeTests(column: Column): fc.Arbitrary<Test>[] {
  if (!isOrdered(column)) return [];
  const value = asked(column);
  const is = fc.constantFrom('between', 'notBetween');
  return [fc.record({ is, values: fc.tuple(value, value) })];
}

function textTests(column: Column): fc.Arbitrary<Test>[] {
  if (column.kind !== 'text') return [];
  const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
  return [
    fc.record({ is: fc.constantFrom(...patternOps), pattern }),
    fc.record({ is: fc.constantFrom(...partOps), pattern: part }),
    fc.record({ is: fc.constantFrom(...regexpOps), pattern: regexp }),
    fc.record({ is: fc.constantFrom('likeAny', 'iLikeAny'), patterns }),
  ];
}

function truthTests(column: Column): fc.Arbitrary<Test>[] {
  if (column.kind !== 'boolean') return [];
  const truth = fc.constantFrom(true, false);
  return [
    fc.record({ is: fc.constant('is'), value: truth }),
    fc.record({ is: fc.constant('not'), value: truth }),
  ];
}

function simpleTest(column: Column): fc.Arbitrary<Test> {
  return fc.oneof(
    ...valueTests(column),
    ...rangeTests(column),
    ...textTests(column),
    ...truthTests(column),
  );
}

function testOf(column: Column): fc.Arbitrary<Test> {
  const simple = simpleTest(column);
  const tests = fc.array(simple, { minLength: 1, maxLength: 3 });
  // NOTE: Sequelize takes a bare value, list or null within these for something else.
  const inner = simple.filter(({ is }) => is !== 'plain' && is !== 'list');
  const inners = fc.array(inner, { minLength: 1, maxLength: 2 });
  return fc.oneof(
    { weight: 8, arbitrary: simple },
    fc.record({ is: fc.constant('either'), tests }),
    fc.record({ is: fc.constant('both'), tests: inners }),
  );
}

/** Tests that name the table: only for conditions on the root. */
function rootTest(columns: readonly Column[], column: Column): fc.Arbitrary<Test>[] {
  const others = columns.filter(
    ({ attribute, kind }) => attribute !== column.attribute && kind === column.kind,
  );
  const tests: fc.Arbitrary<Test>[] = [];
  if (column.kind === 'text') {
    const op = fc.constantFrom('eq', 'like');
    tests.push(fc.record({ is: fc.constant('lowered'), op, value: lowerText }));
  }
  if (others.length > 0 && isOrdered(column) && column.kind !== 'code') {
    const other = fc.constantFrom(...others.map(({ attribute }) => attribute));
    tests.push(fc.record({ is: fc.constant('beside'), op: fc.constantFrom(...compare), other }));
  }
  return tests;
}

/** A test of one attribute of a model. */
export function leaf(
  name: ModelName,
  options: { isRoot?: boolean; path?: string } = {},
): fc.Arbitrary<Leaf> {
  const { isRoot = false, path } = options;
  const { columns } = entityOf(name);
  const leaves = columns.map((column): fc.Arbitrary<Leaf> => {
    const test = testOf(column);
    const all = isRoot
      ? fc.oneof({ weight: 9, arbitrary: test }, ...rootTest(columns, column))
      : test;
    return all.map((one) => ({
      ...(path !== undefined && { path }),
      attribute: column.attribute,
      test: one,
    }));
  });
  const keys = ['id', 'legacyId'].map((attribute) => {
    const column = conditionColumn(name, attribute);
    const test = fc.oneof(
      fc.record({ is: fc.constantFrom('plain', 'ne'), value: ref }),
      fc.record({
        is: fc.constantFrom('in', 'notIn'),
        values: fc.array(ref, { minLength: 1, maxLength: 4 }),
      }),
    ) as fc.Arbitrary<Test>;
    return test.map((one) => ({
      ...(path !== undefined && { path }),
      attribute: column.attribute,
      test: one,
    }));
  });
  return fc.oneof({ weight: 8, arbitrary: fc.oneof(...leaves) }, ...keys);
}

const conditions = new Map<ModelName, fc.Arbitrary<Condition>>();

/** A condition of any shape on the rows of a model. */
export function condition(name: ModelName): fc.Arbitrary<Condition> {
  const made = conditions.get(name) ?? conditionOf(leaf(name));
  conditions.set(name, made);
  return made;
}

/** A condition of any shape, made of such leaves. */
export function conditionOf(leaves: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> {
  return fc.letrec<{ tree: Condition }>((tie) => {
    const several = fc.array(tie('tree'), { minLength: 1, maxLength: 3 });
    return {
      tree: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 5, arbitrary: leaves },
        { weight: 2, arbitrary: several.map((parts) => ({ and: parts })) },
        { weight: 2, arbitrary: several.map((parts) => ({ or: parts })) },
        { weight: 1, arbitrary: tie('tree').map((one) => ({ not: one })) },
      ),
    };
  }).tree;
}
