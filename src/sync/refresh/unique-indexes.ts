import { QueryTypes } from 'sequelize';
import { quote } from '../local-table';
import type { RefreshTable } from './input-sql';
import type { StorePlace } from './scope';

/** A unique index of a table, beside those of its keys. */
export interface UniqueIndex {
  /** SQL over the columns of a row: what must differ. */
  readonly parts: readonly string[];
  /** SQL: which rows the index holds. */
  readonly predicate: string;
  /** Every column that the index looks at; those that it holds come first. */
  readonly columns: readonly IndexColumn[];
}

/** A column that a unique index looks at. */
export interface IndexColumn {
  readonly name: string;
  /** PostgreSQL's, without length. */
  readonly type: string;
  /** Characters that the type takes, if it says so. */
  readonly length: number | null;
  readonly nullable: boolean;
  /** It refers to another table. */
  readonly refers: boolean;
}

/** Read the unique indexes that a refresh may clash with; those that are looked at later are none. */
export async function uniqueIndexes(
  place: StorePlace,
  { local: { name, columns: t } }: RefreshTable,
): Promise<readonly UniqueIndex[]> {
  const found = await place.sequelize.query<UniqueIndex>(
    `
SELECT ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, false)
               FROM generate_series(1, x.indnkeyatts) AS k ORDER BY k) AS parts,
       coalesce(pg_get_expr(x.indpred, x.indrelid), 'true') AS predicate,
       (SELECT json_agg(json_build_object(
                 'name', a.attname, 'type', format_type(a.atttypid, NULL),
                 'length', CASE WHEN a.atttypmod > 4 AND a.atttypid::regtype::text IN ('character', 'character varying')
                                THEN a.atttypmod - 4 END,
                 'nullable', NOT a.attnotnull,
                 'refers', EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = x.indrelid
                                      AND f.contype = 'f' AND a.attnum = ANY (f.conkey)))
                 ORDER BY a.attnum <> ALL (x.indkey::int2[]), a.attnum)
          FROM pg_attribute a
         WHERE a.attrelid = x.indrelid AND a.attnum > 0
           AND (a.attnum = ANY (x.indkey::int2[]) OR EXISTS (
             SELECT FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
                AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum))) AS columns
  FROM pg_index x
 WHERE x.indrelid = to_regclass($1) AND x.indisunique AND x.indimmediate`,
    { bind: [name], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  const keys = [t.primaryKey, t.legacyId];
  return found.filter(({ parts, columns }) => {
    const [only, ...more] = columns;
    return only && (more.length > 0 || parts.length > 1 || !keys.includes(quote(only.name)));
  });
}
