import fc from 'fast-check';
import type { EditCommand } from '../commands/edits';
import type { AccessorRead } from '../commands/accessor-reads';
import type { ReadCommand } from '../commands/perform-read';
import { associationsOf, entityOf, type ModelName } from '../oracle/facts';
import { aggregable } from '../oracle/figures';
import type { RowQuery } from '../oracle/queries';
import { condition } from './conditions';
import { includes, ofAnyModel, rootCondition, rowQuery } from './queries';
import { values, written, type Given } from './values';

const index = fc.nat({ max: 30 });

function rows(name: ModelName): fc.Arbitrary<ReadCommand> {
  const by = fc.constantFrom('findAll', 'findOne', 'findAndCountAll', 'scope', 'inTransaction');
  const read = fc.record({
    do: fc.constant('rows'),
    by: fc.oneof({ weight: 3, arbitrary: fc.constant('findAll') }, by),
    query: rowQuery(name),
  });
  // Raw rows of includes are flat; partial ones of a many to many association have no key.
  return fc.oneof(
    { weight: 8, arbitrary: read },
    read.map(({ query }) => ({ do: 'rows', by: 'raw', query: withoutIncludes(query) })),
  ) as fc.Arbitrary<ReadCommand>;
}

function withoutIncludes(query: RowQuery): RowQuery {
  if (!query.include) return query;
  return { model: query.model, ...(query.limit !== undefined && { limit: query.limit }) };
}

function bareQuery(name: ModelName): fc.Arbitrary<RowQuery> {
  return fc.oneof(
    rootCondition(name).map((where) => ({ model: name, where })),
    fc.constant({ model: name }),
  );
}

function byPk(name: ModelName): fc.Arbitrary<ReadCommand> {
  return fc.record(
    { do: fc.constant('byPk'), model: fc.constant(name), ref: index, include: includes(name, 1) },
    { requiredKeys: ['do', 'model', 'ref'] },
  );
}

function count(name: ModelName): fc.Arbitrary<ReadCommand> {
  const attributes = entityOf(name).columns.map(({ attribute }) => attribute);
  const whole = fc.record({
    do: fc.constant('count'),
    query: rowQuery(name),
    distinct: fc.boolean(),
  });
  const column = fc.record({
    do: fc.constant('count'),
    query: bareQuery(name),
    distinct: fc.constant(true),
    column: fc.constantFrom(...attributes),
  });
  return fc.oneof(
    whole.map((read) => ({ ...read, query: uncut(read.query) })),
    column,
  );
}

/** What a count takes no notice of is not asked of it. */
function uncut({ model, where, include }: RowQuery): RowQuery {
  return { model, ...(where && { where }), ...(include && { include }) };
}

function figure(name: ModelName): fc.Arbitrary<ReadCommand> {
  const { columns } = entityOf(name);
  const figures = (['sum', 'min', 'max'] as const).map((aggregate) => {
    const attributes = aggregable(name, columns, aggregate);
    return attributes.length === 0
      ? count(name)
      : fc.record({
          do: fc.constant('figure'),
          query: bareQuery(name),
          aggregate: fc.constant(aggregate),
          attribute: fc.constantFrom(...attributes),
        });
  });
  return fc.oneof(...figures);
}

function groups(name: ModelName): fc.Arbitrary<ReadCommand> {
  const attributes = entityOf(name).columns.map(({ attribute }) => attribute);
  return fc.record({
    do: fc.constant('groups'),
    query: bareQuery(name),
    by: fc.constantFrom('count', 'findAll'),
    attribute: fc.constantFrom(...attributes),
    least: fc.constantFrom(1, 2),
  });
}

function accessor(name: ModelName): fc.Arbitrary<ReadCommand> {
  const accessors = associationsOf(name).map(({ as, target }) =>
    fc.record(
      {
        do: fc.constant('accessor'),
        model: fc.constant(name),
        ref: index,
        as: fc.constant(as),
        ask: fc.constantFrom<AccessorRead['ask']>('get', 'count', 'has'),
        other: index,
        where: condition(target),
      },
      { requiredKeys: ['do', 'model', 'ref', 'as', 'ask', 'other'] },
    ),
  );
  return fc.oneof(...accessors);
}

/** A read of any kind. */
export const readCommand: fc.Arbitrary<ReadCommand> = ofAnyModel((name) =>
  fc.oneof(
    { weight: 10, arbitrary: rows(name) },
    { weight: 2, arbitrary: byPk(name) },
    { weight: 2, arbitrary: count(name) },
    { weight: 1, arbitrary: figure(name) },
    { weight: 1, arbitrary: groups(name) },
    { weight: 3, arbitrary: accessor(name) },
    { weight: 1, arbitrary: rowQuery(name).map((query) => ({ do: 'local' as const, query })) },
  ),
);

/** New values for some of a record's columns. */
export function changes(name: ModelName, isLegacy: boolean): fc.Arbitrary<Record<string, Given>> {
  const columns = entityOf(name).columns.filter(({ readOnly }) => isLegacy || readOnly !== true);
  return fc
    .uniqueArray(
      fc
        .constantFrom(...columns)
        .chain((column) => fc.tuple(fc.constant(column.attribute), written(column))),
      { minLength: 1, maxLength: 3, selector: ([attribute]) => attribute },
    )
    .map((entries) => Object.fromEntries(entries));
}

/** Something that a CRM user does. */
export const editCommand: fc.Arbitrary<EditCommand> = ofAnyModel((name) => {
  const model = fc.constant(name);
  const create = fc.record({
    do: fc.constant('crmCreate'),
    model,
    values: values(name, entityOf(name).columns),
    again: fc.boolean(),
  });
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('edit'),
        model,
        ref: index,
        changes: changes(name, true),
      }),
    },
    { weight: 2, arbitrary: create },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('crmDelete'), model, ref: index }) },
  );
});
