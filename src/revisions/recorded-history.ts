import { type Model, QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import {
  type Change,
  type History,
  historyOf,
  type RecordKey,
  registerHistory,
  type Version,
  type VersionedModel,
  type WithTransaction,
} from '../model/history';
import { RecordTable } from './record-table';
import { RecordedVersion, type VersionRow } from './recorded-version';
import { UnitChanges } from './unit-changes';

const versionQuery = `
  SELECT v.id::text AS id, v.model, v.record_key AS key, v.kind, v."values", v.at, v.revision_id,
    r.user_name, r.comment, r.meta, r.at AS revision_at,
    (SELECT p."values" FROM record_versions AS p
     WHERE p.model = v.model AND p.record_key = v.record_key AND p.id < v.id
     ORDER BY p.id DESC LIMIT 1) AS before
  FROM record_versions AS v JOIN record_revisions AS r ON r.id = v.revision_id`;

/** The history that the revision tables hold. */
class RecordedHistory implements History {
  readonly #sequelize: Sequelize;

  constructor(sequelize: Sequelize) {
    this.#sequelize = sequelize;
  }

  async note(transaction: Transaction, change: Change): Promise<void> {
    await UnitChanges.of(transaction).note(change);
  }

  async versions<M extends Model>(
    subject: VersionedModel<M>,
    key: RecordKey,
    options?: WithTransaction,
  ): Promise<Version<M>[]> {
    const table = new RecordTable(subject.model);
    const rows = await this.#read(
      `${versionQuery}
       WHERE v.model = $1 AND v.record_key = (
         SELECT ${table.keyText('k')} FROM jsonb_populate_record(${table.emptyRow}, $2::jsonb) AS k)
       ORDER BY v.id DESC`,
      { ...options, bind: [table.name, JSON.stringify(table.columnsOf(key))] },
    );
    return rows.map((row) => new RecordedVersion(subject, row));
  }

  async deletedVersions<M extends Model>(
    subject: VersionedModel<M>,
    options?: WithTransaction,
  ): Promise<Version<M>[]> {
    const { name } = new RecordTable(subject.model);
    const rows = await this.#read(
      `${versionQuery}
       WHERE v.model = $1 AND v.kind = 'deleted' AND NOT EXISTS (
         SELECT FROM record_versions AS l
         WHERE l.model = v.model AND l.record_key = v.record_key AND l.id > v.id)
       ORDER BY v.id DESC`,
      { ...options, bind: [name] },
    );
    return rows.map((row) => new RecordedVersion(subject, row));
  }

  #read(sql: string, options: WithTransaction & { bind: unknown[] }): Promise<VersionRow[]> {
    return this.#sequelize.query<VersionRow>(sql, { ...options, type: QueryTypes.SELECT });
  }
}

/**
 * Note every change of this Sequelize instance's models as a version, until the returned function is
 * called.
 *
 * The models extend `TimestampedModel`; the tables are made by {@link prepareRevisions}.
 *
 * @throws Error when they are connected already.
 */
export function connectRevisions(sequelize: Sequelize): () => void {
  return registerHistory(sequelize, new RecordedHistory(sequelize));
}

/**
 * Note rows that were written past the model, by raw SQL say: after the write, or before a deletion.
 *
 * With a `revision` of their own their versions are written at once, as the rows then are. The
 * statements run on the transaction given, which may be another Sequelize instance's on the same
 * database. Nothing is noted when the model's revisions are not connected.
 */
export async function noteChange(transaction: Transaction, change: Change): Promise<void> {
  if (change.keys.length > 0) await historyOf(change.model.sequelize)?.note(transaction, change);
}
