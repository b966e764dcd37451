import type { Model, SaveOptions } from 'sequelize';
import {
  type CallOptions,
  historyFor,
  inTransaction,
  isSoft,
  keyFields,
  keysOf,
  modelOf,
  noteAll,
  type Write,
} from './noting';

/** Hooks that may change a record which its caller left unchanged. */
const changingHooks = ['beforeValidate', 'afterValidate', 'beforeUpdate'] as const;

/** Whether Sequelize's `save` has nothing to send, whatever hooks there are. */
function isIdle(instance: Model): boolean {
  if (instance.isNewRecord || instance.changed() !== false) return false;
  const model = modelOf(instance);
  return !changingHooks.some((hook) => model.hasHook(hook) || model.sequelize?.hasHook(hook));
}

/** Save an instance, and note it. */
export async function notedSave<M extends Model>(
  instance: M,
  options: SaveOptions | undefined,
  save: Write<M>,
): Promise<M> {
  const model = modelOf(instance);
  if (!historyFor(model) || isIdle(instance)) return save(options ?? {});
  return inTransaction(model, options, async (transaction) => {
    const kind = instance.isNewRecord ? 'created' : 'updated';
    const { association, returning } = (options ?? {}) as { association?: unknown } & CallOptions;
    const isSilent = returning === false || (returning === undefined && Boolean(association));
    const saved = await save({
      ...options,
      transaction,
      ...(kind === 'created' && isSilent && { returning: keyFields(model) }),
    });
    await noteAll(transaction, { model, kind, keys: keysOf(model, [instance]) });
    return saved;
  });
}

/** Destroy an instance, and note it. A soft deletion goes through the instance's `save` as well. */
export async function notedDestroyInstance<R>(
  instance: Model,
  options: CallOptions | undefined,
  destroy: Write<R>,
): Promise<R> {
  const model = modelOf(instance);
  if (!historyFor(model)) return destroy(options ?? {});
  return inTransaction(model, options, async (transaction) => {
    const keys = keysOf(model, [instance]);
    if (!isSoft(model, options)) {
      await noteAll(transaction, { model, kind: 'deleted', keys });
      return destroy({ ...options, transaction });
    }
    const result = await destroy({ ...options, transaction });
    await noteAll(transaction, { model, kind: 'soft-deleted', keys });
    return result;
  });
}
