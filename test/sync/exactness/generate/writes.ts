import fc from 'fast-check';
import type { InnerStep, TransactionCommand, WriteCommand } from '../commands/perform-write';
import type { WriteStep } from '../commands/write-steps';
import { associationsOf, columnOf, entityOf, type ModelName } from '../oracle/facts';
import { changes, readCommand } from './commands';
import { condition } from './conditions';
import { ofAnyModel } from './queries';
import { kept, values } from './values';

const index = fc.nat({ max: 30 });

function writable(name: ModelName): ReturnType<typeof entityOf>['columns'] {
  return entityOf(name).columns.filter(({ readOnly }) => readOnly !== true);
}

function bulkOfModel(name: ModelName): fc.Arbitrary<WriteStep> {
  const model = fc.constant(name);
  const columns = writable(name);
  const numbers = columns.filter(({ kind }) => kind === 'integer' || kind === 'decimal');
  const record = values(name, columns);
  const where = condition(name);
  const rows = fc.array(record, { minLength: 1, maxLength: 4 });
  const increments = numbers.map(({ attribute }) =>
    fc.record({
      do: fc.constant('increment' as const),
      model,
      where,
      attribute: fc.constant(attribute),
      by: fc.constantFrom(1, -2, 10),
    }),
  );
  const manies = associationsOf(name).filter(({ type }) => type !== 'one');
  const links = manies.map(({ as }) =>
    fc.record({
      do: fc.constant('link' as const),
      model,
      ref: index,
      as: fc.constant(as),
      how: fc.constantFrom('set' as const, 'add' as const, 'remove' as const),
      others: fc.array(index, { maxLength: 3 }),
    }),
  );
  return fc.oneof<fc.MaybeWeightedArbitrary<WriteStep>[]>(
    fc.record({ do: fc.constant('bulkCreate' as const), model, rows }),
    fc.record({
      do: fc.constant('updateWhere' as const),
      model,
      where,
      changes: changes(name, false),
    }),
    fc.record({ do: fc.constant('destroyWhere' as const), model, where }),
    fc.record({ do: fc.constant('upsert' as const), model, ref: index, values: record }),
    ...increments,
    ...links,
  );
}

/** What records are looked for by. */
const looked: Partial<Record<ModelName, string>> = {
  Interaction: 'subject',
  Order: 'orderNumber',
  Contact: 'email',
};

function findOrCreate(name: ModelName): fc.Arbitrary<WriteStep> {
  const own = looked[name] ?? 'name';
  return fc.record({
    do: fc.constant('findOrCreate' as const),
    model: fc.constant(name),
    attribute: fc.constant(own),
    value: kept(columnOf(name, own)),
    values: values(name, writable(name)),
  });
}

function ofModel(name: ModelName): fc.Arbitrary<WriteStep> {
  const model = fc.constant(name);
  const all = associationsOf(name);
  const parents = all.filter(({ type }) => type === 'one').map(({ as }) => as);
  const children = all.filter(({ type }) => type === 'many');
  const create = fc.record({
    do: fc.constant('create' as const),
    model,
    values: values(name, writable(name)),
  });
  const save = fc.record({
    do: fc.constant('save' as const),
    model,
    ref: index,
    changes: changes(name, false),
    isStale: fc.boolean(),
  });
  const destroy = fc.record({ do: fc.constant('destroy' as const), model, ref: index });
  const setParents = parents.map((as) =>
    fc.record({
      do: fc.constant('setParent' as const),
      model,
      ref: index,
      as: fc.constant(as),
      other: name === 'ContactOrder' ? index : fc.option(index, { freq: 4 }),
    }),
  );
  const createChildren = children.map(({ as, target }) =>
    fc.record({
      do: fc.constant('createChild' as const),
      model,
      ref: index,
      as: fc.constant(as),
      values: values(target, writable(target)),
    }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: create },
    { weight: 6, arbitrary: save },
    { weight: 2, arbitrary: destroy },
    ...setParents,
    ...(children.length > 0 ? [fc.oneof(...createChildren)] : []),
    ...(name === 'ContactOrder' ? [] : [findOrCreate(name)]),
  );
}

const step: fc.Arbitrary<WriteStep> = fc.oneof(
  { weight: 2, arbitrary: ofAnyModel(ofModel) },
  { weight: 1, arbitrary: ofAnyModel(bulkOfModel) },
);

/** NOTE: a few includes make Sequelize write wrong SQL, which ends the transaction. */
const innerRead = readCommand.filter((read) => !('query' in read && read.query.include));

function inner(depth: number): fc.Arbitrary<InnerStep> {
  const simple = [
    { weight: 6, arbitrary: step as fc.Arbitrary<InnerStep> },
    { weight: 2, arbitrary: innerRead as fc.Arbitrary<InnerStep> },
  ];
  if (depth === 0) return fc.oneof(...simple);
  const savepoint = fc.record({
    do: fc.constant('savepoint' as const),
    steps: fc.array(inner(depth - 1), { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('release' as const, 'rollback' as const),
  });
  return fc.oneof(...simple, { weight: 2, arbitrary: savepoint });
}

const transaction: fc.Arbitrary<TransactionCommand> = fc.record({
  do: fc.constant('transaction' as const),
  steps: fc.array(inner(2), { minLength: 1, maxLength: 5 }),
  end: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const),
});

/** A write, or a transaction of several. */
export const writeCommand: fc.Arbitrary<WriteCommand> = fc.oneof(
  { weight: 3, arbitrary: step },
  { weight: 1, arbitrary: transaction },
);
