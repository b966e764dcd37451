import type { Model, ModelStatic, Transaction } from 'sequelize';
import { idOf } from './synced-write';

/**
 * The legacy key of an instance's row; null for one that the legacy system has never had. Of an
 * instance that was loaded without it, it is read from the table.
 */
export async function legacyIdOf(
  instance: Model,
  transaction: Transaction | null | undefined,
): Promise<string | null> {
  const values = instance.dataValues as Record<string, unknown>;
  if ('legacyId' in values || instance.isNewRecord) {
    return (values.legacyId as string | null | undefined) ?? null;
  }
  const model = instance.constructor as ModelStatic<Model>;
  const row = (await model.unscoped().findOne({
    where: { [model.primaryKeyAttribute]: idOf(instance) },
    attributes: ['legacyId'],
    raw: true,
    paranoid: false,
    transaction,
    skipLegacy: true,
  } as Parameters<typeof model.findOne>[0])) as { legacyId: string | null } | null;
  const legacyId = row?.legacyId ?? null;
  instance.set('legacyId' as never, legacyId as never, { raw: true });
  const previous = instance as unknown as { _previousDataValues: Record<string, unknown> };
  previous._previousDataValues.legacyId = legacyId;
  return legacyId;
}
