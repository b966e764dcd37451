import fc from 'fast-check';
import type { Condition } from '../oracle/conditions';
import {
  associationsOf,
  entities,
  entityOf,
  type Association,
  type ModelName,
} from '../oracle/facts';
import type { Direction, IncludeQuery, RowQuery, SortKey } from '../oracle/queries';
import { condition, conditionOf, leaf } from './conditions';

const directions: readonly Direction[] = [
  'ASC',
  'DESC',
  'ASC NULLS FIRST',
  'DESC NULLS LAST',
  'ASC',
  'DESC',
];

const often: readonly ModelName[] = ['Organisation', 'Organisation', 'Contact'];

/** One arbitrary for each model, made once; those with more to ask for more often. */
export function ofAnyModel<T>(make: (name: ModelName) => fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(
    ...entities.map(({ name }) => ({
      weight: 1 + often.filter((other) => other === name).length,
      arbitrary: make(name),
    })),
  );
}

function sortableOf(name: ModelName): string[] {
  const columns = entityOf(name).columns.filter(({ kind }) => kind !== 'lookup');
  return [...columns.map(({ attribute }) => attribute), 'legacyId'];
}

function sortKeys(name: ModelName, path?: string): fc.Arbitrary<SortKey> {
  return fc.record({
    ...(path !== undefined && { path: fc.constant(path) }),
    attribute: fc.constantFrom(...sortableOf(name)),
    direction: fc.constantFrom(...directions),
  });
}

function order(name: ModelName): fc.Arbitrary<SortKey[]> {
  return fc.uniqueArray(sortKeys(name), {
    minLength: 1,
    maxLength: 2,
    selector: ({ attribute }) => attribute,
  });
}

function attributes(name: ModelName): fc.Arbitrary<string[]> {
  const all = entityOf(name).columns.map(({ attribute }) => attribute);
  return fc.subarray(all, { minLength: 1, maxLength: Math.min(4, all.length) });
}

const sometimes = <T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });

/** Leave out what is undefined: options are either there or not. */
function given<T extends object>(
  arbitrary: fc.Arbitrary<Record<string, unknown>>,
): fc.Arbitrary<T> {
  return arbitrary.map((record) => {
    const entries = Object.entries(record).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries) as T;
  });
}

function include(association: Association, depth: number): fc.Arbitrary<IncludeQuery> {
  const { as, target, type } = association;
  const common = {
    as: fc.constant(as),
    where: sometimes(condition(target), 3),
    include: depth > 1 ? sometimes(includes(target, depth - 1), 2) : fc.constant(undefined),
  };
  const joined = given<IncludeQuery>(
    fc.record({
      ...common,
      required: sometimes(fc.boolean(), 2),
      // NOTE: partial rows of a many to many association have links of their own that count.
      attributes: type === 'through' ? fc.constant(undefined) : sometimes(attributes(target), 3),
    }),
  ).map(withKeyForSeparate);
  if (type !== 'many') return joined;
  const separate = given<IncludeQuery>(
    fc.record({
      ...common,
      separate: fc.constant(true),
      order: order(target).map((keys) => withTieBreak(keys)),
      limit: sometimes(fc.integer({ min: 1, max: 3 }), 2),
    }),
  );
  return fc.oneof({ weight: 3, arbitrary: joined }, separate);
}

/** NOTE: without the primary key Sequelize finds nothing for a separate include below. */
function withKeyForSeparate(include: IncludeQuery): IncludeQuery {
  const { attributes: few, ...all } = include;
  return few && include.include?.some(({ separate }) => separate === true) ? all : include;
}

function withTieBreak(keys: readonly SortKey[]): SortKey[] {
  return [
    ...keys.filter(({ attribute }) => attribute !== 'legacyId'),
    { attribute: 'legacyId', direction: 'ASC' },
  ];
}

/** Includes of different associations, to a depth. */
export function includes(name: ModelName, depth: number): fc.Arbitrary<IncludeQuery[]> {
  const each = associationsOf(name).map((association) => include(association, depth));
  return fc.uniqueArray(fc.oneof(...each), {
    minLength: 1,
    maxLength: 2,
    selector: ({ as }) => as,
  });
}

/** A condition on the rows of a model themselves. */
export function rootCondition(name: ModelName): fc.Arbitrary<Condition> {
  return conditionOf(leaf(name, { isRoot: true }));
}

/** A condition on rows and one of their includes, which is then made a plain one. */
function pathCondition(name: ModelName, association: Association): fc.Arbitrary<Condition> {
  const { as, target } = association;
  const nested = leaf(target, { path: as }) as fc.Arbitrary<Condition>;
  return fc.oneof(nested, conditionOf(fc.oneof(leaf(name), nested)));
}

const plainQuery = (name: ModelName): fc.Arbitrary<RowQuery> =>
  given(
    fc.record({
      model: fc.constant(name),
      where: sometimes(rootCondition(name), 6),
      order: sometimes(order(name), 2),
      limit: sometimes(fc.integer({ min: 1, max: 4 }), 2),
      offset: sometimes(fc.integer({ min: 0, max: 3 }), 1),
      attributes: sometimes(attributes(name), 1),
    }),
  );

/** NOTE: an offset without an order has no meaning that an oracle could know. */
function decided(query: RowQuery): RowQuery {
  const isCut = query.limit !== undefined || query.offset !== undefined;
  return isCut && query.include ? { ...query, order: withTieBreak(query.order ?? []) } : query;
}

const includingQuery = (name: ModelName): fc.Arbitrary<RowQuery> =>
  given<RowQuery>(
    fc.record({
      model: fc.constant(name),
      where: sometimes(rootCondition(name), 2),
      order: sometimes(order(name), 2),
      limit: sometimes(fc.integer({ min: 1, max: 4 }), 1),
      include: includes(name, 2),
    }),
  ).map(decided);

const pathQuery = (name: ModelName): fc.Arbitrary<RowQuery> =>
  fc.oneof(
    ...associationsOf(name).map((association) =>
      fc.record({
        model: fc.constant(name),
        where: pathCondition(name, association),
        include: fc.constant([{ as: association.as }]),
        order:
          association.type === 'one'
            ? fc.array(sortKeys(association.target, association.as), { maxLength: 1 })
            : fc.constant([]),
      }),
    ),
  );

/** A read of rows of a model. */
export function rowQuery(name: ModelName): fc.Arbitrary<RowQuery> {
  return fc.oneof(
    { weight: 5, arbitrary: plainQuery(name) },
    { weight: 3, arbitrary: includingQuery(name) },
    { weight: 1, arbitrary: pathQuery(name) },
  );
}
