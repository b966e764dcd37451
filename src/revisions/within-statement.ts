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
