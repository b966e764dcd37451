import { literal, Op, QueryTypes, type FindOptions, type Model, type ModelStatic } from 'sequelize';
import { registeredModel } from '../../model/history';
import { narrowed } from '../../model/noted-destroy';
import { inTransaction } from '../../model/noting';
import { localTable, quote } from '../local-table';
import { deletedAtOf } from '../refresh/agreement';
import { connectedModel, type Synced } from '../runtime';
import { conflictAttributesOf } from './bulk/unique-values';
import type { BulkCreateOptions } from './bulk/create';
import { fieldNames, type IncrementFields } from './bulk/increment';
import { effectiveQuery, hasCondition } from './bulk/row-query';
import type { BulkOptions } from './bulk/update';

/*
 * Bulk calls that are skipped are Sequelize's own. Rows of which they change a mapped column are ahead
 * of the legacy system afterwards: their `modifiedAt` is later than `legacyModifiedAt`, whatever the
 * two clocks say.
 */

/** A skipped call, and Sequelize's own way to carry it out. */
export interface SkippedCall<T, O extends BulkOptions = BulkOptions> {
  readonly model: ModelStatic<Model>;
  readonly options: O;
  readonly run: (options: O) => Promise<T>;
}

function servingOf(model: ModelStatic<Model>): Synced | undefined {
  return connectedModel(registeredModel(model).name, model.sequelize);
}

/** What a skipped static update is called with. */
export function skippedUpdate(
  model: ModelStatic<Model>,
  values: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
): [Record<string, unknown>, Record<string, unknown>] {
  const synced = servingOf(model);
  if (!synced || options.silent) return [values, options];
  if (!Object.keys(values).some((name) => synced.mapping.byAttribute.has(name))) {
    return [values, { ...options, silent: true }];
  }
  const { field = 'legacyModifiedAt' } = model.getAttributes().legacyModifiedAt ?? {};
  const stamp = literal(
    `greatest(date_trunc('milliseconds', clock_timestamp()), ${quote(field)} + interval '1 millisecond')`,
  );
  const { fields } = options as { fields?: string[] };
  return [
    { ...values, modifiedAt: stamp },
    { ...options, silent: true, ...(fields && { fields: [...fields, 'modifiedAt'] }) },
  ];
}

/** Insert locally only; what a duplicate is, is decided as without the library's columns. */
export async function skippedBulkCreate<M extends Model>(
  call: SkippedCall<M[], BulkCreateOptions>,
): Promise<M[]> {
  const { model, options, run } = call;
  const { updateOnDuplicate, conflictAttributes } = options;
  if (!updateOnDuplicate) return run(options);
  const own = { ...options, conflictAttributes: conflictAttributes ?? conflictAttributesOf(model) };
  const synced = servingOf(model);
  if (!synced || !touches(synced, updateOnDuplicate)) return run(own);
  return inTransaction(model, options, async (transaction) => {
    const instances = await run({ ...own, transaction });
    await leaveAhead(synced, { ids: instances.map(keyOf), transaction });
    return instances;
  });
}

/** Insert or update locally only. */
export async function skippedUpsert<M extends Model>(
  call: SkippedCall<[M, boolean | null]> & { readonly values: object },
): Promise<[M, boolean | null]> {
  const { model, options, run, values } = call;
  const synced = servingOf(model);
  if (!synced || !touches(synced, options.fields ?? Object.keys(values))) return run(options);
  return inTransaction(model, options, async (transaction) => {
    const result = await run({ ...options, transaction });
    await leaveAhead(synced, { ids: [keyOf(result[0])], transaction });
    return result;
  });
}

/** Increment locally only. */
export async function skippedIncrement<T>(
  call: SkippedCall<T> & { readonly fields: IncrementFields },
): Promise<T> {
  const { model, options, run, fields } = call;
  const synced = servingOf(model);
  if (!synced || options.silent || !hasCondition(model, options.where)) return run(options);
  if (!touches(synced, fieldNames(fields))) return run({ ...options, silent: true });
  const query = { model, where: options.where, paranoid: false, isScoped: true };
  const { where } = effectiveQuery(query);
  return onRows(synced, call, where);
}

/** Restore locally only: such rows have no record any more, which a read would take for a deletion. */
export async function skippedRestore<T>(call: SkippedCall<T>): Promise<T> {
  const { model, options, run } = call;
  const synced = servingOf(model);
  const deletedAt = synced && deletedAtOf(synced.mapping);
  if (!synced || deletedAt === undefined) return run(options);
  const isDeleted = { [deletedAt]: { [Op.ne]: null } };
  return onRows(synced, call, { [Op.and]: [options.where ?? {}, isDeleted] });
}

/** Bind a call to the rows that match now, and leave those ahead. */
async function onRows<T>(
  synced: Synced,
  { model, options, run }: SkippedCall<T>,
  where: FindOptions['where'],
): Promise<T> {
  return inTransaction(model, options, async (transaction) => {
    const key = model.primaryKeyAttribute;
    const found = await synced.mapping.model.unscoped().findAll({
      where,
      attributes: [key],
      lock: transaction.LOCK.UPDATE,
      paranoid: false,
      transaction,
      hooks: false,
      skipLegacy: true,
    } as FindOptions);
    const ids = found.map(keyOf);
    const result = await run({
      ...options,
      where: narrowed(options.where, { [key]: ids }),
      transaction,
    });
    await leaveAhead(synced, { ids, transaction });
    return result;
  });
}

function touches({ mapping }: Synced, names: readonly string[]): boolean {
  return names.some((name) => mapping.byAttribute.has(name));
}

function keyOf(instance: Model): unknown {
  const { primaryKeyAttribute } = instance.constructor as ModelStatic<Model>;
  return instance.get(primaryKeyAttribute);
}

/** Rows that the legacy system has never had are ahead as they are. */
async function leaveAhead(
  { runtime, mapping }: Synced,
  rows: { readonly ids: readonly unknown[]; readonly transaction: BulkOptions['transaction'] },
): Promise<void> {
  const { name, columns: t, primaryKeyType } = await localTable(runtime.pool, mapping);
  const ids = rows.ids.filter((id) => id !== null && id !== undefined).map(String);
  await runtime.sequelize.query(
    `
UPDATE ${name}
   SET ${t.modifiedAt} = greatest(date_trunc('milliseconds', clock_timestamp()),
                                  ${t.legacyModifiedAt} + interval '1 millisecond')
 WHERE ${t.primaryKey} = ANY ($1::${primaryKeyType}[]) AND ${t.modifiedAt} <= ${t.legacyModifiedAt}`,
    { bind: [ids], type: QueryTypes.UPDATE, transaction: rows.transaction },
  );
}
