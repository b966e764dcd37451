import type { Model, ModelStatic, Transaction } from 'sequelize';
import { idOf } from './synced-write';

/** Which part of a row to read, and where. */
export interface StoredRowQuery {
  readonly transaction: Transaction | null | undefined;
  /** Without it all columns. */
  readonly attributes?: readonly string[];
}

/** Read the row of an instance as the table holds it, by attribute name; deleted ones, too. */
export async function storedRow(
  instance: Model,
  { transaction, attributes }: StoredRowQuery,
): Promise<Readonly<Record<string, unknown>> | null> {
  const model = instance.constructor as ModelStatic<Model>;
  const options = {
    where: { [model.primaryKeyAttribute]: idOf(instance) },
    ...(attributes && { attributes: [...attributes] }),
    raw: true,
    paranoid: false,
    transaction,
    skipLegacy: true,
  };
  const row: unknown = await model.unscoped().findOne(options);
  return row as Record<string, unknown> | null;
}

/** Have an instance hold values that the table holds: they are not changes of it. */
export function takeStored(instance: Model, values: Readonly<Record<string, unknown>>): void {
  const previous = instance as unknown as { _previousDataValues: Record<string, unknown> };
  for (const [attribute, value] of Object.entries(values)) {
    // NOTE: given as an object, raw values make Sequelize forget all changes of the instance.
    instance.set(attribute, value, { raw: true });
    previous._previousDataValues[attribute] = value;
  }
}
