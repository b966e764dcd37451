import { QueryTypes } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { versionsWithin } from '../../revisions';
import { quote } from '../local-table';
import type { Runtime } from '../runtime';
import { outdatedSql } from './compare';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  refreshTable,
  type RefreshTable,
} from './input-sql';
import { noteKnownSql } from './known-sql';
import { isDataError, isLockTimeout } from './rejected';
import { incomingRows, type IncomingRow } from './row';
import { lockTimeoutMs } from './scope';
import { assignmentsSql, refreshComment } from './store';

/** Records whose rows were seen to differ. */
export interface Differing {
  readonly mapping: Mapping;
  readonly records: readonly LegacyRecord[];
  /** When they were asked for, by the database's clock. */
  readonly askedAt: Date;
}

/**
 * Bring rows that were seen to differ to what their records say: the comparison, the UPDATE, what is
 * known since when, and the versions are one statement, without a transaction around it.
 *
 * It takes the ordinary case only. Rows with local changes, tombstones, rejections, writes under way,
 * later answers, missing parents, rows that somebody holds, and data that PostgreSQL refuses: all of
 * these are left for the caller to store in the ordinary way, which sorts them out.
 *
 * @returns the keys of the rows that were stored.
 */
export async function overwrite(runtime: Runtime, differing: Differing): Promise<Set<string>> {
  const { mapping, records, askedAt } = differing;
  const { rows, columns } = incomingRows(mapping, records);
  const table = await refreshTable(runtime, mapping, columns);
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const sql = overwriteSql(table, { rows, askedAt, bind });
  try {
    const stored = await runtime.pool.query<{ key: string }>(sql, {
      bind: values,
      type: QueryTypes.SELECT,
      transaction: null,
    });
    return new Set(stored.map(({ key }) => key));
  } catch (error) {
    if (isDataError(error) || isLockTimeout(error)) return new Set();
    throw error;
  }
}

interface Input {
  readonly rows: readonly IncomingRow[];
  readonly askedAt: Date;
  readonly bind: (value: unknown) => string;
}

/**
 * NOTE: the row that is locked may be newer than the one that this statement sees; `seen` tells. The
 * limit on waiting is set before the first row is locked: an index or a parent may be held, too.
 */
function overwriteSql(table: RefreshTable, { rows, askedAt, bind }: Input): string {
  const { local, mapping } = table;
  const t = local.columns;
  const [input, keys] = [bind(inputParameter(rows)), bind(rows.map(({ key }) => key))];
  const [model, asked, patience] = [bind(mapping.name), bind(askedAt), bind(String(lockTimeoutMs))];
  const versions = versionsWithin(mapping.model, 'changed', { comment: refreshComment, bind });
  return `
WITH patience AS MATERIALIZED (
  SELECT set_config('lock_timeout', ${patience}, true) AS is_set
), locked AS MATERIALIZED (
  SELECT t.${t.primaryKey} AS id, t.xmin AS seen FROM ${local.name} t, patience
   WHERE patience.is_set IS NOT NULL AND t.${t.legacyId} = ANY (${keys}::uuid[])
   ORDER BY t.${t.legacyId} FOR UPDATE OF t SKIP LOCKED
), changed AS (
  UPDATE ${local.name} t SET ${assignmentsSql(table)}
    FROM locked l, ${inputTable(table, input)}
    ${lookupJoins(table)}
    LEFT JOIN dual_write_known k ON k.model = ${model} AND k.legacy_id = i."#key"
   WHERE l.id = t.${t.primaryKey} AND l.seen = t.xmin AND t.${t.legacyId} = i."#key"
     AND ${ordinaryCase(table, { model, asked })}
  RETURNING t.*
), known AS (
${noteKnownSql(`SELECT ${model}, ${t.legacyId}, ${asked}::timestamptz, false FROM changed`)}
)${versions?.expressions ?? ''}
SELECT ${t.legacyId}::text AS key FROM changed`;
}

function ordinaryCase(table: RefreshTable, names: { model: string; asked: string }): string {
  const { columns, lookups, local } = table;
  const t = local.columns;
  const { model, asked } = names;
  const differs = columns.map(
    ({ column }) => `t.${quote(column)} IS DISTINCT FROM ${incomingValue(table, column)}`,
  );
  const parents = [...lookups].map(([column, { alias, table: parent }]) => {
    const found = `${alias}.${parent.columns.primaryKey} IS NOT NULL`;
    return `(i.${quote(column)} IS NULL OR ${found})`;
  });
  const own = [
    `(${differs.join(' OR ') || 'false'})`,
    `coalesce(t.${t.modifiedAt} <= t.${t.legacyModifiedAt}, false)`,
    ...(t.deletedAt ? [`t.${t.deletedAt} IS NULL`] : []),
    ...parents,
    `NOT coalesce(k.gone, false) AND NOT ${outdatedSql(table, asked)}`,
  ];
  const absent = [
    `dual_write_rejected r WHERE r.model = ${model} AND r.legacy_id = i."#key"`,
    `dual_write_intents n WHERE n.legacy_id = i."#key"`,
  ].map((source) => `NOT EXISTS (SELECT FROM ${source})`);
  return [...own, ...absent].join('\n     AND ');
}
