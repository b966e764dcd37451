import { DataTypes, type Model, type ModelStatic } from 'sequelize';
import { transactionOf } from './context';
import {
  type CallOptions,
  fieldOf,
  historyFor,
  inTransaction,
  keyFields,
  keysOf,
  modelOf,
  noteAll,
  noteReturned,
  type Write,
} from './noting';

/** PostgreSQL's mark on a row of who has locked or replaced it; `'0'` on one just inserted. */
const lockedBy = 'xmax';

function storedFields(model: ModelStatic<Model>): string[] {
  return Object.entries(model.getAttributes())
    .filter(([, { type }]) => !(type instanceof DataTypes.VIRTUAL))
    .map(([attribute]) => fieldOf(model, attribute));
}

/** Note the instances of a bulk insert, included children too: `afterBulkCreate` of every model. */
export async function noteBulkCreated(
  instances: readonly Model[],
  options: CallOptions,
): Promise<void> {
  const [first] = instances;
  const transaction = transactionOf(options);
  if (!first || !transaction) return;
  const model = modelOf(first);
  // With `ignoreDuplicates` only the rows that were inserted come back, and have the mark.
  const stored = options.ignoreDuplicates ? instances.filter(isMarked) : instances;
  const updated = stored.filter((instance) => !wasInserted(instance));
  const created = stored.filter((instance) => !updated.includes(instance));
  await noteAll(transaction, { model, kind: 'created', keys: keysOf(model, created) });
  await noteAll(transaction, { model, kind: 'updated', keys: keysOf(model, updated) });
}

function isMarked(instance: Model): boolean {
  return lockedBy in (instance.dataValues as object);
}

/** Read PostgreSQL's mark off an instance, and remove it. */
function wasInserted(instance: Model): boolean {
  const values = instance.dataValues as Record<string, unknown>;
  const mark = values[lockedBy];
  Reflect.deleteProperty(values, lockedBy);
  return mark === undefined || mark === '0';
}

/** Insert many, and note them. The hook {@link noteBulkCreated} does the noting where hooks run. */
export async function notedBulkCreate<M extends Model>(
  model: ModelStatic<M>,
  options: CallOptions | undefined,
  bulkCreate: Write<M[]>,
): Promise<M[]> {
  if (!historyFor(model)) return bulkCreate(options ?? {});
  return inTransaction(model, options, async (transaction) => {
    const instances = await bulkCreate({
      ...options,
      transaction,
      returning: returningOfInsert(model, options),
    });
    if (options?.hooks === false) {
      const { ignoreDuplicates } = options;
      await noteBulkCreated(instances, { transaction, ignoreDuplicates });
    }
    return instances;
  });
}

function returningOfInsert(
  model: ModelStatic<Model>,
  options: CallOptions | undefined,
): true | string[] {
  const wanted = options?.returning ?? true;
  const mark = (options?.updateOnDuplicate ?? options?.ignoreDuplicates) ? [lockedBy] : [];
  if (wanted === true) return mark.length > 0 ? [...storedFields(model), ...mark] : true;
  const fields = wanted === false ? [] : wanted.map((name) => fieldOf(model, String(name)));
  return [...new Set([...fields, ...keyFields(model), ...mark])];
}

/** Insert or update one, and note which it was. */
export async function notedUpsert<M extends Model>(
  model: ModelStatic<M>,
  options: CallOptions | undefined,
  upsert: Write<[M, boolean | null]>,
): Promise<[M, boolean | null]> {
  if (!historyFor(model)) return upsert(options ?? {});
  return inTransaction(model, options, async (transaction) => {
    const returning = returningOfInsert(model, { ...options, updateOnDuplicate: [] });
    const result = await upsert({ ...options, transaction, returning });
    const kind = wasInserted(result[0]) ? 'created' : 'updated';
    await noteAll(transaction, { model, kind, keys: keysOf(model, [result[0]]) });
    return result;
  });
}

/** Update the rows that match, and note them as PostgreSQL returns their keys. */
export async function notedUpdate<R>(
  model: ModelStatic<Model>,
  options: CallOptions,
  update: Write<R>,
): Promise<R> {
  if (!historyFor(model)) return update(options);
  return inTransaction(model, options, async (transaction) => {
    const { returning } = options;
    // Hooks of single instances get those that Sequelize has found, and so do we.
    const own = !returning && !options.individualHooks;
    const extra = own ? { returning: keyFields(model), raw: true } : withKeys(model, returning);
    const result = (await update({ ...options, ...extra, transaction })) as unknown[];
    await noteAll(transaction, { model, kind: 'updated', keys: keysOf(model, result[1]) });
    return (own ? result.slice(0, 1) : result) as R;
  });
}

function withKeys(model: ModelStatic<Model>, returning: CallOptions['returning']): object {
  if (returning === undefined || typeof returning === 'boolean') return {};
  return { returning: [...new Set([...returning, ...keyFields(model)])] };
}

/** Increment the rows that match, and note them. */
export async function notedIncrement<R>(
  model: ModelStatic<Model>,
  options: CallOptions,
  increment: Write<R>,
): Promise<R> {
  if (!historyFor(model)) return increment(options);
  return inTransaction(model, options, async (transaction) => {
    const isSilent = options.returning === false;
    const returning = isSilent
      ? { returning: keyFields(model) }
      : withKeys(model, options.returning);
    const result = await increment({ ...options, ...returning, transaction });
    const [[rows, count]] = result as [[unknown, number]];
    const changed = options.instance ? [options.instance] : rows;
    await noteAll(transaction, { model, kind: 'updated', keys: keysOf(model, changed) });
    return isSilent ? ([[options.instance ?? [], count]] as R) : result;
  });
}

/** Restore the soft-deleted rows that match, and note them. */
export async function notedRestore(
  model: ModelStatic<Model>,
  options: CallOptions | undefined,
  restore: Write<unknown>,
): Promise<unknown> {
  if (!historyFor(model)) return restore(options ?? {});
  return inTransaction(model, options, (transaction) =>
    noteReturned({ model, kind: 'updated', keys: [] }, transaction, (returning) =>
      restore({ ...options, ...returning, transaction }),
    ),
  );
}
