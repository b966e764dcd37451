import { Model, type ModelStatic, Op, type Transaction, type WhereOptions } from 'sequelize';
import type { Change, RecordKey } from './history';
import {
  type CallOptions,
  historyFor,
  inTransaction,
  isSoft,
  keysOf,
  noteAll,
  noteReturned,
  type SequelizeInternals,
  type Write,
} from './noting';

/** Destroy the rows that match, and note them. */
export async function notedDestroy(
  model: ModelStatic<Model>,
  options: CallOptions | undefined,
  destroy: Write<number>,
): Promise<number> {
  if (!historyFor(model) || !(options?.where ?? options?.truncate)) return destroy(options ?? {});
  return inTransaction(model, options, async (transaction) => {
    if (isSoft(model, options)) {
      const change: Change = { model, kind: 'soft-deleted', keys: [] };
      return (await noteReturned(change, transaction, (returning) =>
        destroy({ ...options, ...returning, transaction }),
      )) as number;
    }
    const { keys, where } = await lockDoomedRows(model, options, transaction);
    await noteAll(transaction, { model, kind: 'deleted', keys });
    return destroy({ ...options, transaction, ...where });
  });
}

/**
 * Find and lock the rows that will be deleted, and bind the deletion to them: a row that another
 * transaction adds meanwhile would go without a version.
 */
async function lockDoomedRows(
  model: ModelStatic<Model>,
  options: CallOptions,
  transaction: Transaction,
): Promise<{ keys: RecordKey[]; where: object }> {
  const scoped: CallOptions = { where: options.where, limit: options.limit };
  (model as unknown as SequelizeInternals)._injectScope(scoped);
  if (options.truncate) await lockTable(model, transaction);
  const rows = await Model.findAll.call<ModelStatic<Model>, [object], Promise<unknown[]>>(
    model.unscoped(),
    {
      ...(!options.truncate && { where: scoped.where, limit: scoped.limit ?? undefined }),
      attributes: model.primaryKeyAttributes,
      lock: transaction.LOCK.UPDATE,
      paranoid: false,
      hooks: false,
      raw: true,
      transaction,
    },
  );
  const keys = keysOf(model, rows);
  if (options.truncate) return { keys, where: {} };
  return {
    keys,
    where: { where: narrowed(scoped.where, whereKeys(model, keys)), limit: undefined },
  };
}

async function lockTable(model: ModelStatic<Model>, transaction: Transaction): Promise<void> {
  const { queryGenerator } = model.sequelize?.getQueryInterface() as unknown as {
    queryGenerator: { quoteTable(name: unknown): string };
  };
  const table = queryGenerator.quoteTable(model.getTableName());
  await model.sequelize?.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`, { transaction });
}

function whereKeys(model: ModelStatic<Model>, keys: readonly RecordKey[]): WhereOptions {
  const [attribute = '', ...others] = model.primaryKeyAttributes;
  if (others.length > 0 && keys.length > 0) return { [Op.or]: keys } as WhereOptions;
  return { [attribute]: keys.map((key) => key[attribute]) };
}

/**
 * A condition on these keys in addition.
 *
 * NOTE: Sequelize merges the scope into these conditions once more, by name; so names must stay on
 * the first level, where they win over the scope's.
 */
export function narrowed(where: WhereOptions | undefined, keys: WhereOptions): WhereOptions {
  if (where === undefined) return keys;
  if (Object.getPrototypeOf(where) !== Object.prototype) {
    return { [Op.and]: [where, keys] };
  }
  const { [Op.and]: and, ...named } = where as Record<PropertyKey, WhereOptions>;
  return { ...named, [Op.and]: [...partsOf(and), keys] };
}

/** NOTE: Sequelize does not find the columns of attributes in a list within a list. */
function partsOf(and: WhereOptions | undefined): WhereOptions[] {
  if (and === undefined) return [];
  const isList = Array.isArray(and) && typeof and[0] !== 'string';
  return isList ? and : [and];
}
