import type { Model, ModelStatic, Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import { registeredModel } from '../../model/history';
import type { Mapping } from '../../mapping';
import { connectedModel, type Runtime, type Synced } from '../runtime';
import type { FeedLook } from './feed-state';
import { followingOf } from './following';

/**
 * Destroy rows by a skipped call. Of the models that are followed it is noted, in the same
 * transaction, that rows are lacking here: their records have not changed, so that no feed tells of
 * them. So it is of models that refer to this one, because of ON DELETE.
 */
export async function destroySkipped<T>(
  model: ModelStatic<Model>,
  options: { readonly transaction?: Transaction | null },
  run: (options: object) => Promise<T>,
): Promise<T> {
  const synced = connectedModel(registeredModel(model).name, model.sequelize);
  const lacking = synced ? followedBehind(synced) : [];
  if (!synced || lacking.length === 0) return run(options);
  const { sequelize } = synced.runtime;
  const within = async (transaction: Transaction): Promise<T> => {
    const sql = 'INSERT INTO dual_write_lacking (model) SELECT unnest($1::text[])';
    await sequelize.query(sql, { bind: [lacking], transaction });
    return run({ ...options, transaction });
  };
  const outer = transactionOf(options);
  return outer ? within(outer) : sequelize.transaction(within);
}

/** The names of followed models whose rows may go, or lose a lookup, with rows of this one. */
function followedBehind({ runtime, mapping }: Synced): string[] {
  const reached = new Set<Mapping>([mapping]);
  for (const target of reached) {
    for (const other of runtime.registry.values()) {
      if (other.attributes.some((attribute) => attribute.target === target)) reached.add(other);
    }
  }
  return [...reached].flatMap((one) => (followingOf(one) ? [one.name] : []));
}

/** Forget the notes that were there before everything was loaded again. */
export async function forgetLacking(runtime: Runtime, { lacking }: FeedLook): Promise<void> {
  if (lacking.length === 0) return;
  await runtime.pool.query('DELETE FROM dual_write_lacking WHERE id = ANY ($1::bigint[])', {
    bind: [lacking],
    transaction: null,
  });
}
