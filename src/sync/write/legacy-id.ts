import type { Model, Transaction } from 'sequelize';
import { storedRow, takeStored } from './stored-row';

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
  const row = await storedRow(instance, { transaction, attributes: ['legacyId'] });
  const legacyId = (row?.legacyId as string | null | undefined) ?? null;
  takeStored(instance, { legacyId });
  return legacyId;
}
