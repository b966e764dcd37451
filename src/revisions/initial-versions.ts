import { randomUUID } from 'node:crypto';
import { type Model, type ModelStatic, QueryTypes, type Sequelize } from 'sequelize';
import { TimestampedModel } from '../model/timestamped-model';
import { RecordTable } from './record-table';

/** Which rows get their first version, and how. */
export interface InitialVersionsOptions {
  /** By default all of the Sequelize instance that extend `TimestampedModel`. */
  readonly models?: readonly ModelStatic<Model>[];
  /** Default `'initial versions'`. */
  readonly comment?: string;
}

/** Rows that one statement takes. */
const batchSize = 5000;

/**
 * Write a version of every row that has none: of rows that were there before revisions were
 * connected, or that were written past the models. So their first change can be compared with what
 * was before, and be reverted.
 *
 * The versions belong to one revision. Their kind is `'updated'`: they do not say that the record was
 * created then; a soft-deleted row's is `'deleted'`. May be interrupted and run again.
 *
 * @returns the number of versions written, by model name.
 */
export async function recordInitialVersions(
  sequelize: Sequelize,
  {
    models = versionedModels(sequelize),
    comment = 'initial versions',
  }: InitialVersionsOptions = {},
): Promise<Readonly<Record<string, number>>> {
  const revision = { id: randomUUID(), comment };
  const written: Record<string, number> = {};
  for (const model of models) {
    if (model.primaryKeyAttributes.length === 0) continue;
    const table = new RecordTable(model);
    let count: number;
    do {
      count = await writeBatch(sequelize, table, revision);
      written[table.name] = (written[table.name] ?? 0) + count;
    } while (count > 0);
  }
  return written;
}

function versionedModels(sequelize: Sequelize): ModelStatic<Model>[] {
  return Object.values(sequelize.models).filter(
    ({ prototype }) => prototype instanceof TimestampedModel,
  );
}

/** Each batch is a transaction of its own, so that no row stays locked for long. */
async function writeBatch(
  sequelize: Sequelize,
  table: RecordTable,
  revision: { readonly id: string; readonly comment: string },
): Promise<number> {
  return sequelize.transaction(async (transaction) => {
    const rows = await sequelize.query(
      `INSERT INTO record_versions (revision_id, model, record_key, kind, "values", at)
       SELECT $1::uuid, $2, ${table.keyText('t')},
         CASE WHEN ${table.isSoftDeleted} THEN 'deleted' ELSE 'updated' END,
         ${table.snapshot}, clock_timestamp()
       FROM ${table.table} AS t
       WHERE NOT EXISTS (SELECT FROM record_versions AS v
         WHERE v.model = $2 AND v.record_key = ${table.keyText('t')})
       LIMIT ${batchSize} FOR SHARE OF t
       RETURNING id`,
      { bind: [revision.id, table.name], type: QueryTypes.SELECT, transaction },
    );
    if (rows.length > 0) {
      await sequelize.query(
        `INSERT INTO record_revisions (id, comment, at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (id) DO NOTHING`,
        { bind: [revision.id, revision.comment], transaction },
      );
    }
    return rows.length;
  });
}
