import type { Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';
import { narrowed } from '../../../model/noted-destroy';
import { SyncError } from '../../errors';
import type { Synced } from '../../runtime';
import { idOf, inSyncedWrite, type SyncedWrite } from '../synced-write';
import { sendChanges } from './changes';
import { lockRows, type LockedRows } from './locked-rows';
import { OwnStatement } from './own-statement';
import { refreshResult } from './results';
import { hasCondition } from './row-query';

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
  // Stamps are taken from the records afterwards; a row of which nothing mapped has changed is in step.
  if (!mayTouchMapped(call)) return statement.run(() => run({ ...options, silent: true }));
  return inSyncedWrite(synced, options, async (write) => {
    const rows = await lockedRows(write, call);
    const result = await statement.run(() =>
      run({ ...inWriteOptions(write, options, rows), silent: true }),
    );
    requireKnown(write, rows, result[0]);
    const { after } = await sendChanges(write, rows);
    refreshResult(result[1], after);
    return result;
  });
}

function lockedRows(write: SyncedWrite, { model, options }: BulkUpdate): Promise<LockedRows> {
  const { where, limit, paranoid } = options;
  const query = { model, where, limit, paranoid: paranoid !== false, isScoped: true };
  return lockRows(write, query, { images: true });
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
