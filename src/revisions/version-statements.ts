import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import type { RevisionFrame } from '../model/context';
import type { RecordKey } from '../model/history';
import type { RecordTable } from './record-table';

/** A record that is to have a version of what it is now. */
export interface TouchedRecord {
  readonly key: RecordKey;
  /** UUID of the revision. */
  readonly revision: string;
  /** Whether it was created, not changed. */
  readonly created: boolean;
  /** Whether it was destroyed last, if it shows so: soft-deleted. */
  readonly hidden: boolean;
}

/** A version that was written before its row was deleted. */
export interface Snapshot {
  /** The version's id. */
  readonly id: string;
  readonly key: RecordKey;
}

/**
 * Whether this transaction has written the row `t`: what is visible and not yet committed is ours,
 * savepoints included. So neither a change that was rolled back nor a call that changed nothing
 * leaves a version, whatever was noted.
 */
const isOurs = `CASE WHEN age(t.xmin) <= 0 THEN pg_xact_status(
  (pg_current_xact_id()::text::numeric - age(t.xmin))::text::xid8) = 'in progress' ELSE false END`;

function query(transaction: Transaction, sql: string, bind: unknown[]): Promise<unknown[]> {
  const { sequelize } = transaction as Transaction & { readonly sequelize: Sequelize };
  return sequelize.query(sql, { transaction, bind, type: QueryTypes.SELECT });
}

/** Records of one table that are to have versions. */
export interface TouchedRecords {
  readonly table: RecordTable;
  readonly touched: readonly TouchedRecord[];
}

/** Write a version of each record that this transaction has changed, as it is now. */
export async function writeVersions(
  transaction: Transaction,
  records: TouchedRecords,
): Promise<void> {
  const { sql, bind } = insertVersions(records);
  await query(transaction, sql, bind);
}

function insertVersions({ table, touched }: TouchedRecords): { sql: string; bind: unknown[] } {
  const noted = touched.map((record) => ({ ...record, key: table.columnsOf(record.key) }));
  const sql = `INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
     SELECT n.revision, $2, ${table.keyText('t')},
       CASE WHEN n.hidden AND ${table.isSoftDeleted} THEN 'deleted'
            WHEN n.created THEN 'created' ELSE 'updated' END,
       ${table.snapshot}, clock_timestamp()
     FROM jsonb_to_recordset($1::jsonb)
         AS n (key jsonb, revision uuid, created boolean, hidden boolean)
       CROSS JOIN LATERAL jsonb_populate_record(${table.emptyRow}, n.key) AS k
       JOIN ${table.table} AS t ON ${table.keyCondition}
     WHERE ${isOurs}`;
  return { sql, bind: [JSON.stringify(noted), table.name] };
}

/** Write a version of each row that is about to be deleted, and lock it. */
export async function writeLastVersions(
  transaction: Transaction,
  table: RecordTable,
  records: { readonly keys: readonly RecordKey[]; readonly revision: string },
): Promise<Snapshot[]> {
  const keys = records.keys.map((key, index) => ({ index, key: table.columnsOf(key) }));
  const rows = (await query(
    transaction,
    `WITH doomed AS (
       SELECT nextval('record_versions_id_seq') AS id, n.index, ${table.keyText('t')} AS record_key,
         ${table.snapshot} AS snapshot
       FROM jsonb_to_recordset($1::jsonb) AS n (key jsonb, index integer)
         CROSS JOIN LATERAL jsonb_populate_record(${table.emptyRow}, n.key) AS k
         JOIN ${table.table} AS t ON ${table.keyCondition}
       FOR UPDATE OF t
     ), written AS (
       INSERT INTO record_versions (id, revision_id, model, record_key, kind, "values", at)
       SELECT id, $3::uuid, $2, record_key, 'deleted', snapshot, clock_timestamp() FROM doomed
     )
     SELECT id::text, index FROM doomed`,
    [JSON.stringify(keys), table.name, records.revision],
  )) as { id: string; index: number }[];
  return rows.flatMap(({ id, index }) => {
    const key = records.keys[index];
    return key ? [{ id, key }] : [];
  });
}

/**
 * Remove versions of deletions: those named as void, and those of rows that are there after all.
 */
export async function discardLastVersions(
  transaction: Transaction,
  table: RecordTable,
  snapshots: readonly (Snapshot & { readonly isVoid: boolean })[],
): Promise<void> {
  const noted = snapshots.map(({ id, key, isVoid }) => ({
    id,
    void: isVoid,
    key: table.columnsOf(key),
  }));
  await query(
    transaction,
    `DELETE FROM record_versions AS v
     USING jsonb_to_recordset($1::jsonb) AS n (id bigint, void boolean, key jsonb)
       CROSS JOIN LATERAL jsonb_populate_record(${table.emptyRow}, n.key) AS k
     WHERE v.id = n.id
       AND (n.void OR EXISTS (SELECT FROM ${table.table} AS t WHERE ${table.keyCondition}))`,
    [JSON.stringify(noted)],
  );
}

/**
 * Write the revisions that have versions, and complete those that are there.
 *
 * @param records - whose versions are written by the same statement.
 */
export async function writeRevisions(
  transaction: Transaction,
  revisions: readonly RevisionFrame[],
  records?: TouchedRecords,
): Promise<void> {
  const rows = revisions.map(({ id, user, comment, meta }) => ({
    id,
    user_name: user,
    comment,
    meta,
  }));
  const versions = records && insertVersions(records);
  const bind = [...(versions?.bind ?? []), JSON.stringify(rows)];
  // NOTE: a statement does not see in the table what it inserts there itself.
  const written = versions ? `WITH written AS (${versions.sql} RETURNING revision_id)` : '';
  const isWritten = versions ? 'n.id IN (SELECT revision_id FROM written) OR ' : '';
  await query(
    transaction,
    `${written}
     INSERT INTO record_revisions AS r (id, user_name, comment, meta, at)
     SELECT n.id, n.user_name, n.comment, n.meta, clock_timestamp()
     FROM jsonb_to_recordset($${bind.length}::jsonb)
         AS n (id uuid, user_name text, comment text, meta jsonb)
     WHERE ${isWritten}EXISTS (SELECT FROM record_versions AS v WHERE v.revision_id = n.id)
     ORDER BY n.id
     ON CONFLICT (id) DO UPDATE SET
       user_name = COALESCE(EXCLUDED.user_name, r.user_name),
       comment = COALESCE(EXCLUDED.comment, r.comment),
       meta = COALESCE(EXCLUDED.meta, r.meta)
     WHERE (COALESCE(EXCLUDED.user_name, r.user_name), COALESCE(EXCLUDED.comment, r.comment),
            COALESCE(EXCLUDED.meta, r.meta)) IS DISTINCT FROM (r.user_name, r.comment, r.meta)`,
    bind,
  );
}
