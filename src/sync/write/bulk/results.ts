import type { Model, ModelStatic } from 'sequelize';
import { idText } from '../../query/bound-of-options';
import type { SyncedInstance } from '../save';
import { takeStored } from '../stored-row';
import { idOf } from '../synced-write';

/** Have the instances of a result hold what both sides have now, as far as they hold it at all. */
export function refreshResult(result: unknown, after: ReadonlyMap<string, SyncedInstance>): void {
  if (!Array.isArray(result)) return;
  for (const instance of result as (Model | undefined)[]) {
    const row = instance && after.get(idText(idOf(instance)));
    if (!row) continue;
    const values = row.dataValues as Record<string, unknown>;
    const held = Object.keys(instance.dataValues as object).filter((name) => name in values);
    takeStored(instance, Object.fromEntries(held.map((name) => [name, values[name]])));
  }
}

/** The same for rows as PostgreSQL returned them, by column. */
export function refreshRows(result: unknown, after: ReadonlyMap<string, SyncedInstance>): void {
  const [sample] = after.values();
  if (!sample || !Array.isArray(result)) return;
  const model = sample.constructor as ModelStatic<Model>;
  const { primaryKeyAttribute } = model;
  const columns = Object.entries(model.getAttributes()).map(
    ([attribute, { field }]): [string, string] => [attribute, field ?? attribute],
  );
  const keyColumn = columns.find(([attribute]) => attribute === primaryKeyAttribute)?.[1] ?? '';
  for (const row of result as Record<string, unknown>[]) {
    const values = after.get(idText(row[keyColumn]))?.dataValues as
      Record<string, unknown> | undefined;
    if (!values) continue;
    for (const [attribute, column] of columns) {
      if (column in row) row[column] = values[attribute];
    }
  }
}
