import type { Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';
import { narrowed } from '../../../model/noted-destroy';
import { SyncError } from '../../errors';
import type { Synced } from '../../runtime';
import { idOf, inSyncedWrite, type SyncedWrite } from '../synced-write';
import { sendChanges } from './changes';
import { lockRows, type LockedRows } from './locked-rows';
import { isOwnCondition } from './own-condition';
import { OwnStatement } from './own-statement';
import { refreshResult } from './results';
import { effectiveQuery, hasCondition, type RowQuery } from './row-query';

/** The options of the bulk calls that the sync layer looks at. */
export interface BulkOptions {
  transaction?: Transaction | null;
  where?: WhereOptions;
  limit?: number | null;
  paranoid?: boolean;
  silent?: boolean;
  hooks?: boolean;
  individualHooks?: boolean;
  fields?: string[];
  [option: string]: unknown;
}

/** A bulk call on a synced model. */
export interface BulkCall<O extends BulkOptions = BulkOptions> {
  readonly synced: Synced;
  /** The class that was called: perhaps derived by `scope()`. */
  readonly model: ModelStatic<Model>;
  readonly options: O;
}

/** A static update. */
export interface BulkUpdate extends BulkCall {
  readonly values: Readonly<Record<string, unknown>>;
  /** Sequelize's own call, which stays local. */
  readonly run: (options: BulkOptions) => Promise<unknown[]>;
}

/** Update rows on both sides or on neither. */
export async function updateBoth(call: BulkUpdate): Promise<unknown[]> {
  const { synced, model, options, run } = call;
  const statement = new OwnStatement();
  // Sequelize says what is wrong with it.
  if (!hasCondition(model, options.where)) return run(options);
  const isSent = mayTouchMapped(call);
  // Stamps are taken from the records afterwards; a row of which nothing mapped has changed is in step.
  if (!isSent && isOwnCondition(synced.mapping, effectiveQuery(rowQuery(call)).where)) {
    return statement.run(() => run({ ...options, silent: true }));
  }
  return inSyncedWrite(synced, options, async (write) => {
    const rows = await lockRows(write, rowQuery(call), { images: isSent });
    const result = await statement.run(() =>
      run({ ...inWriteOptions(write, options, rows), silent: true }),
    );
    requireKnown(write, rows, result[0]);
    if (!isSent) return result;
    const { after } = await sendChanges(write, rows);
    await write.unit.follow(write.transaction, () => {
      refreshResult(result[1], after);
    });
    return result;
  });
}

function rowQuery({ model, options }: BulkUpdate): RowQuery {
  const { where, limit, paranoid } = options;
  return { model, where, limit, paranoid: paranoid !== false, isScoped: true };
}

/** The options of the call's own statement: bound to the rows that were locked. */
export function inWriteOptions(
  { transaction, mapping }: SyncedWrite,
  options: BulkOptions,
  { before }: Pick<LockedRows, 'before'>,
): BulkOptions {
  const byKey = { [mapping.model.primaryKeyAttribute]: before.map(idOf) };
  const where = narrowed(options.where, byKey);
  return { ...options, where, limit: undefined, transaction };
}

/** @throws SyncError when a hook had other rows changed than those that were found. */
export function requireKnown(
  { mapping }: SyncedWrite,
  { before }: Pick<LockedRows, 'before'>,
  affected: unknown,
): void {
  if (typeof affected !== 'number' || affected <= before.length) return;
  throw new SyncError(
    'A hook has widened the condition of a bulk call. Widen it where the call is made.',
    { model: mapping.name },
  );
}

/** Hooks that may change what a static update sets. */
const bulkHooks = ['beforeValidate', 'afterValidate', 'beforeBulkUpdate'] as const;
const individualHooks = ['beforeUpdate', 'beforeSave'] as const;

/** Whether the update, its setters or its hooks may change a mapped column. */
function mayTouchMapped({ synced, model, values, options }: BulkUpdate): boolean {
  const hooks = options.individualHooks ? [...bulkHooks, ...individualHooks] : bulkHooks;
  const hasHook = (name: (typeof hooks)[number]): boolean =>
    model.hasHook(name) || synced.runtime.sequelize.hasHook(name);
  if (hooks.some(hasHook)) return true;
  const built = model.build(values as never);
  const changed = built.changed();
  const names = new Set([...Object.keys(values), ...(changed === false ? [] : changed)]);
  const { deletedAt } = (model as unknown as { _timestampAttributes: { deletedAt?: string } })
    ._timestampAttributes;
  const matters = [...names].some(
    (name) => synced.mapping.byAttribute.has(name) || name === deletedAt || name === 'legacyId',
  );
  return matters;
}
