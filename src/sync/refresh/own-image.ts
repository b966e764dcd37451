import { QueryTypes } from 'sequelize';
import { historyOf } from '../../model/history';
import { quote } from '../local-table';
import type { Runtime } from '../runtime';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  type RefreshTable,
} from './input-sql';
import { noteKnownSql } from './known-sql';
import type { IncomingRow } from './row';
import type { StorePlace } from './scope';
import { assignmentsSql } from './store';

/** A row after it was stored, by attribute name. */
export interface OwnRow {
  /** The legacy key. */
  readonly key: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Replace rows that the writer's transaction holds by what the service made of them: the UPDATE, what
 * is known since when, and the reading of the rows are one statement.
 *
 * Rows that are not here, and rows whose parents are not, are left for the caller to store in the
 * ordinary way.
 *
 * @returns the rows that were stored.
 */
export async function overwriteOwn(
  runtime: Runtime,
  place: StorePlace,
  table: RefreshTable,
  answer: { readonly rows: readonly IncomingRow[]; readonly askedAt: Date },
): Promise<OwnRow[]> {
  const { model, name } = table.mapping;
  const stored = await place.sequelize.query<Record<string, unknown>>(ownImageSql(table), {
    bind: [inputParameter(answer.rows), name, answer.askedAt],
    type: QueryTypes.SELECT,
    transaction: place.transaction,
  });
  const rows = stored.map(({ '#key': key, '#differs': differs, ...values }) => ({
    key: String(key),
    differs: differs === true,
    values,
  }));
  const keys = rows
    .filter(({ differs }) => differs)
    .map(({ values }) => ({ [model.primaryKeyAttribute]: values[model.primaryKeyAttribute] }));
  if (keys.length > 0) {
    const change = { model, kind: 'updated', keys } as const;
    await historyOf(runtime.sequelize)?.note(place.transaction, change);
  }
  return rows;
}

/** NOTE: `o` is the row before the UPDATE: what `RETURNING` gives of `t` is what it became. */
function ownImageSql(table: RefreshTable): string {
  const { local, columns, lookups } = table;
  const t = local.columns;
  const differs = columns.map(
    ({ column }) => `o.${quote(column)} IS DISTINCT FROM ${incomingValue(table, column)}`,
  );
  if (t.deletedAt) differs.push(`o.${t.deletedAt} IS NOT NULL`);
  const parents = [...lookups].map(([column, { alias, table: parent }]) => {
    const found = `${alias}.${parent.columns.primaryKey} IS NOT NULL`;
    return `\n     AND (i.${quote(column)} IS NULL OR ${found})`;
  });
  return `
WITH changed AS (
  UPDATE ${local.name} t SET ${assignmentsSql(table)}
    FROM ${inputTable(table, '$1')}
    JOIN ${local.name} o ON o.${t.legacyId} = i."#key"
    ${lookupJoins(table)}
   WHERE t.${t.primaryKey} = o.${t.primaryKey}${parents.join('')}
  RETURNING t.*, (${differs.join(' OR ') || 'false'}) AS "#differs"
), kept AS (
  DELETE FROM dual_write_rejected r USING changed c
   WHERE r.model = $2 AND r.legacy_id = c.${t.legacyId}
), known AS (${noteKnownSql(`SELECT $2, ${t.legacyId}, $3::timestamptz, false FROM changed`)}
)
SELECT ${t.legacyId}::text AS "#key", "#differs", ${attributesSql(table, 'changed')} FROM changed`;
}

/** All columns of the model by attribute name, as Sequelize's own reads give them. */
export function attributesSql(
  { mapping, local }: Pick<RefreshTable, 'mapping' | 'local'>,
  alias: string,
): string {
  return Object.entries(mapping.model.getAttributes())
    .map(([attribute, { field }]) => [attribute, field ?? attribute] as const)
    .filter(([, column]) => local.typeOf(column) !== undefined)
    .map(([attribute, column]) => `${alias}.${quote(column)} AS ${quote(attribute)}`)
    .join(', ');
}
