import type { Model, ModelStatic, Transaction } from 'sequelize';
import { idText } from '../query/bound-of-options';
import { idOf } from './synced-write';

/** Which part of a row to read, and where. */
export interface StoredRowQuery {
  readonly transaction: Transaction | null | undefined;
  /** Without it all columns. */
  readonly attributes?: readonly string[];
}

/** A row's values by attribute name. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** Read the row of an instance as the table holds it, by attribute name; deleted ones, too. */
export async function storedRow(
  instance: Model,
  query: StoredRowQuery,
): Promise<StoredRow | undefined> {
  return (await storedRows([instance], query)).get(idText(idOf(instance)));
}

/** The same for instances of one model, by primary key as text. */
export async function storedRows(
  instances: readonly Model[],
  { transaction, attributes }: StoredRowQuery,
): Promise<ReadonlyMap<string, StoredRow>> {
  const [first] = instances;
  if (!first) return new Map();
  const model = first.constructor as ModelStatic<Model>;
  const key = model.primaryKeyAttribute;
  const options = {
    where: { [key]: instances.map(idOf) },
    ...(attributes && { attributes: [...new Set([key, ...attributes])] }),
    raw: true,
    paranoid: false,
    useMaster: true,
    transaction,
    skipLegacy: true,
  };
  const rows = (await model.unscoped().findAll(options)) as unknown as StoredRow[];
  return new Map(rows.map((row) => [idText(row[key]), row]));
}

/** Have an instance hold values that the table holds: they are not changes of it. */
export function takeStored(instance: Model, values: StoredRow): void {
  const previous = instance as unknown as { _previousDataValues: Record<string, unknown> };
  for (const [attribute, value] of Object.entries(values)) {
    // NOTE: given as an object, raw values make Sequelize forget all changes of the instance.
    instance.set(attribute, value, { raw: true });
    previous._previousDataValues[attribute] = value;
  }
}
