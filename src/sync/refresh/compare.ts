import { QueryTypes } from 'sequelize';
import { quote } from '../local-table';
import type { Place } from '../runtime';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  type RefreshTable,
} from './input-sql';
import type { IncomingRow } from './row';

/** What a comparison found about one incoming row that does not simply agree. */
export interface Difference {
  readonly row: IncomingRow;
  /** The local primary key; null when there is no such row yet. */
  readonly id: unknown;
  /** The row's `xmin` when it was compared. */
  readonly seen: string | null;
  /** A mapped column has another value. */
  readonly differs: boolean;
  /** The row has local changes of its own. */
  readonly ahead: boolean;
  readonly localModifiedAt: Date | null;
  readonly legacyModifiedAt: Date | null;
  /** Columns of lookups whose target is not here. */
  readonly unresolved: readonly string[];
  /**
   * There is no such row, although the model was loaded completely after this answer was asked for:
   * the record may have been deleted before, which nothing would tell of any more.
   */
  readonly late: boolean;
}

interface DifferenceRow {
  readonly key: string;
  readonly id: unknown;
  readonly seen: string | null;
  readonly differs: boolean;
  readonly ahead: boolean;
  readonly local_modified_at: Date | null;
  readonly legacy_modified_at: Date | null;
  readonly unresolved: string[];
  readonly late: boolean;
}

/**
 * Compare incoming rows with the local ones by contents, in one statement. Only rows that need
 * attention come back: a thousand unchanged rows answer with nothing.
 *
 * A row is left out, too, when what is stored came from a later answer than this one
 * (`dual_write_known`): asked for after ours was, or with a newer stamp while ours was under way.
 *
 * @param askedAt - when the answer was asked for, by the database's clock.
 */
export async function compare(
  place: Place,
  table: RefreshTable,
  answer: {
    readonly rows: readonly IncomingRow[];
    readonly askedAt: Date;
    readonly isOwnWrite: boolean;
  },
): Promise<Difference[]> {
  if (answer.rows.length === 0) return [];
  const found = await place.sequelize.query<DifferenceRow>(compareSql(table), {
    bind: [inputParameter(answer.rows), table.mapping.name, answer.askedAt, answer.isOwnWrite],
    type: QueryTypes.SELECT,
    transaction: place.transaction,
  });
  const byKey = new Map(answer.rows.map((row) => [row.key, row]));
  return found.flatMap((difference) => {
    const row = byKey.get(difference.key);
    if (!row) return [];
    return {
      row,
      id: difference.id,
      seen: difference.seen,
      differs: difference.differs,
      ahead: difference.ahead,
      localModifiedAt: difference.local_modified_at,
      legacyModifiedAt: difference.legacy_modified_at,
      unresolved: difference.unresolved,
      late: difference.late,
    };
  });
}

function compareSql(table: RefreshTable): string {
  const { local, columns, lookups } = table;
  const t = local.columns;
  const changed = columns.map(
    ({ column }) => `t.${quote(column)} IS DISTINCT FROM ${incomingValue(table, column)}`,
  );
  if (t.deletedAt) changed.push(`t.${t.deletedAt} IS NOT NULL`);
  const unresolved = [...lookups].map(([column, lookup]) => {
    const missing = `i.${quote(column)} IS NOT NULL AND ${lookup.alias}.${lookup.table.columns.primaryKey} IS NULL`;
    return `CASE WHEN ${missing} THEN ${literal(column)} END`;
  });
  return `
SELECT * FROM (
  SELECT i."#key" AS key, t.${t.primaryKey} AS id, t.xmin::text AS seen,
         ${changed.length > 0 ? `(${changed.join(' OR ')})` : 'false'} AS differs,
         t.${t.legacyId} IS NOT NULL AND (t.${t.legacyModifiedAt} IS NULL
           OR t.${t.modifiedAt} > t.${t.legacyModifiedAt}) AS ahead,
         t.${t.modifiedAt} AS local_modified_at, t.${t.legacyModifiedAt} AS legacy_modified_at,
         array_remove(ARRAY[${unresolved.join(', ')}]::text[], NULL) AS unresolved,
         (i."#stamp" IS NOT NULL AND t.${t.legacyModifiedAt} IS DISTINCT FROM i."#stamp")
           OR t.${t.legacyVersion} IS DISTINCT FROM i."#version" AS restamped,
         coalesce(k.gone, false) AS was_gone, r.legacy_id IS NOT NULL AS was_rejected,
         NOT $4 AND t.${t.primaryKey} IS NULL AND ${loadedSinceSql('$2', '$3')} AS late,
         NOT $4 AND ${outdatedSql(table, '$3')} AS outdated
    FROM ${inputTable(table, '$1')}
    LEFT JOIN ${local.name} t ON t.${t.legacyId} = i."#key"
    ${lookupJoins(table)}
    LEFT JOIN dual_write_known k ON k.model = $2 AND k.legacy_id = i."#key"
    LEFT JOIN dual_write_rejected r ON r.model = $2 AND r.legacy_id = i."#key"
) AS compared
WHERE NOT outdated AND (id IS NULL OR differs OR ahead OR restamped OR unresolved <> '{}' OR was_gone OR was_rejected)`;
}

/**
 * SQL: what is known of a row (`k`) is from a later answer than the one asked for at `asked`, or the
 * row has a newer stamp from one that overlapped with it.
 */
export function outdatedSql({ local: { columns: t } }: RefreshTable, asked: string): string {
  return `coalesce(k.gone AND k.asked_at >= ${asked} OR k.applied_at >= ${asked} AND (
           t.${t.legacyModifiedAt} > i."#stamp"
           OR coalesce(t.${t.legacyModifiedAt} = i."#stamp", i."#stamp" IS NULL)
              AND k.asked_at > ${asked}
         ), false)`;
}

/** SQL: a model was loaded completely, and is followed, since a moment. */
export function loadedSinceSql(model: string, asked: string): string {
  return `EXISTS (SELECT FROM dual_write_feeds f WHERE f.model = ${model} AND f.complete_since >= ${asked})`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
