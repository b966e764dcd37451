import type { Model, ModelStatic } from 'sequelize';
import { randomUUID } from 'node:crypto';
import { historyOf } from '../model/history';
import { RecordTable } from './record-table';

/** Parts of a statement that changes rows and notes their versions by itself. */
export interface VersionsWithin {
  /** Common table expressions, each with a comma before it; they read the changed rows. */
  readonly expressions: string;
}

/**
 * Have a statement that changes rows write their versions too, under a revision of its own: for
 * changes in bulk, where a second statement would have to find the rows again.
 *
 * @param changed - what the statement calls its changed rows, with all columns of the table.
 * @param bind - puts a value into the statement's parameters, and gives its name.
 * @returns undefined when the model's revisions are not connected.
 */
export function versionsWithin(
  model: ModelStatic<Model>,
  changed: string,
  { comment, bind }: { readonly comment: string; readonly bind: (value: unknown) => string },
): VersionsWithin | undefined {
  if (!historyOf(model.sequelize)) return undefined;
  const table = new RecordTable(model);
  const id = `${bind(randomUUID())}::uuid`;
  return {
    expressions: `, versions AS (
  INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
  SELECT ${id}, ${bind(table.name)}, ${table.keyText('t')}, 'updated', ${table.snapshot},
         clock_timestamp()
    FROM ${changed} AS t
), revision AS (
  INSERT INTO record_revisions (id, comment, at)
  SELECT ${id}, ${bind(comment)}, clock_timestamp() WHERE EXISTS (SELECT FROM ${changed})
)`,
  };
}

/**
 * The same for rows that the statement has inserted, under a revision that many statements share.
 *
 * @param created - what the statement calls its new rows, with all columns of the table.
 * @returns undefined when the model's revisions are not connected.
 */
export function createdVersionsWithin(
  model: ModelStatic<Model>,
  created: string,
  { id, comment, bind }: SharedRevision,
): VersionsWithin | undefined {
  if (!historyOf(model.sequelize)) return undefined;
  return sharedVersions(
    new RecordTable(model),
    { rows: created, kind: 'created' },
    { id, comment, bind },
  );
}

/** The same for rows that it has changed. */
export function updatedVersionsWithin(
  model: ModelStatic<Model>,
  updated: string,
  { id, comment, bind }: SharedRevision,
): VersionsWithin | undefined {
  if (!historyOf(model.sequelize)) return undefined;
  return sharedVersions(
    new RecordTable(model),
    { rows: updated, kind: 'updated' },
    { id, comment, bind },
  );
}

/** A revision that is written with the first version of it. */
export interface SharedRevision {
  /** UUID */
  readonly id: string;
  readonly comment: string;
  readonly bind: (value: unknown) => string;
}

function sharedVersions(
  table: RecordTable,
  { rows, kind }: { readonly rows: string; readonly kind: 'created' | 'updated' },
  { id, comment, bind }: SharedRevision,
): VersionsWithin {
  const revision = `${bind(id)}::uuid`;
  return {
    expressions: `, versions AS (
  INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
  SELECT ${revision}, ${bind(table.name)}, ${table.keyText('t')}, '${kind}', ${table.snapshot},
         clock_timestamp()
    FROM ${rows} AS t
), revision AS (
  INSERT INTO record_revisions (id, comment, at)
  SELECT ${revision}, ${bind(comment)}, clock_timestamp() WHERE EXISTS (SELECT FROM ${rows})
  ON CONFLICT (id) DO NOTHING
)`,
  };
}
