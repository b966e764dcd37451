import type { Model, ModelStatic } from 'sequelize';
import { UnsupportedCallError } from './errors';
import { servingModel } from './interceptor';
import { destroySkipped } from './feed/lacking';
import { isSkipped } from './skip';
import { noteSkippedWrite } from './skipped-writes';
import { bulkCreateBoth, type BulkCreateOptions } from './write/bulk/create';
import { destroyBoth } from './write/bulk/destroy';
import { incrementBoth, type IncrementFields } from './write/bulk/increment';
import { OwnStatement } from './write/bulk/own-statement';
import { restoreBoth } from './write/bulk/restore';
import { updateBoth, type BulkOptions } from './write/bulk/update';
import { upsertBoth } from './write/bulk/upsert';
import {
  skippedBulkCreate,
  skippedIncrement,
  skippedRestore,
  skippedUpdate,
  skippedUpsert,
} from './write/skipped-bulk';

type Values = Readonly<Record<string, unknown>>;

/** A bulk call, as it was made. */
interface Called {
  readonly model: ModelStatic<Model>;
  readonly options: object | undefined;
}

/** Whether a write is skipped, which its transaction is then known for. */
function staysLocal(model: ModelStatic<Model>, options: object | undefined): boolean {
  const skipped = isSkipped(model, options);
  if (skipped) noteSkippedWrite(options);
  return skipped;
}

/** Insert many: locally when it is skipped, otherwise on both sides. */
export async function interceptBulkCreate<M extends Model>(
  call: Called & { readonly records: readonly unknown[] },
  run: (records: readonly never[], options: object) => Promise<M[]>,
): Promise<M[]> {
  const { model } = call;
  const records = call.records as readonly never[];
  const options: BulkCreateOptions = { ...call.options };
  if (staysLocal(model, call.options)) {
    return skippedBulkCreate({ model, options, run: (own) => run(records, own) });
  }
  const synced = servingModel(model);
  const created = await bulkCreateBoth({
    synced,
    model,
    options,
    records,
    run: (own, local) => run(own as readonly never[], local),
  });
  return created as M[];
}

/** Insert or update one: locally when it is skipped, otherwise on both sides. */
export async function interceptUpsert<M extends Model>(
  call: Called & { readonly values: object },
  run: (values: never, options: object) => Promise<[M, boolean | null]>,
): Promise<[M, boolean | null]> {
  const { model, values } = call;
  const options: BulkOptions = { ...call.options };
  if (staysLocal(model, call.options)) {
    return skippedUpsert({ model, options, values, run: (own) => run(values as never, own) });
  }
  const result = await upsertBoth({
    synced: servingModel(model),
    model,
    options,
    values: values as Values,
    run: (own, local) => run(own as never, local),
  });
  return result as [M, boolean | null];
}

/** Update rows: locally when it is skipped, otherwise on both sides. */
export async function interceptUpdate(
  call: Called & { readonly values: Values },
  run: (values: Values, options: object) => Promise<unknown[]>,
): Promise<unknown[]> {
  const { model, values } = call;
  const options: BulkOptions = { ...call.options };
  if (staysLocal(model, call.options)) return run(...skippedUpdate(model, values, options));
  const synced = servingModel(model);
  return updateBoth({ synced, model, options, values, run: (own) => run(values, own) });
}

/**
 * Destroy rows: locally when it is skipped, otherwise on both sides.
 *
 * @throws UnsupportedCallError when the table is to be truncated.
 */
export async function interceptBulkDestroy(
  call: Called,
  run: (options: object) => Promise<number>,
): Promise<number> {
  const { model } = call;
  const options: BulkOptions & { truncate?: boolean; force?: boolean } = { ...call.options };
  if (staysLocal(model, call.options)) return destroySkipped(model, options, run);
  const synced = servingModel(model);
  if (options.truncate) {
    throw new UnsupportedCallError(
      `${synced.mapping.name}.truncate`,
      'Destroy the rows with destroy({ where: {} }), which deletes their records, too.',
      { model: synced.mapping.name },
    );
  }
  return destroyBoth({ synced, model, options, run });
}

/** Restore soft-deleted rows: locally when it is skipped, otherwise on both sides. */
export async function interceptRestore(
  call: Called,
  run: (options: object) => Promise<unknown>,
): Promise<unknown> {
  const { model } = call;
  const options: BulkOptions = { ...call.options };
  if (staysLocal(model, call.options)) return skippedRestore({ model, options, run });
  return restoreBoth({ synced: servingModel(model), model, options, run });
}

/** Increment fields: locally when it is skipped, otherwise on both sides. */
export async function interceptIncrement(
  call: Called & { readonly fields: IncrementFields },
  run: (options: object) => Promise<unknown[]>,
): Promise<unknown[]> {
  const { model, fields } = call;
  const options: BulkOptions = { ...call.options };
  if (staysLocal(model, call.options)) return skippedIncrement({ model, options, fields, run });
  return incrementBoth({ synced: servingModel(model), model, options, fields, run });
}

/** Run hooks that Sequelize has reached: the calls in them are the application's. */
export function interceptHooks(
  hook: { readonly name: unknown; readonly args: unknown[] },
  run: () => unknown,
): unknown {
  const statement = OwnStatement.current();
  const { name, args } = hook;
  return statement && typeof name === 'string' ? statement.runHooks({ name, args }, run) : run();
}
