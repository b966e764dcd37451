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
import { RecordedVersion, versionQuery, type VersionRow } from './recorded-version';
import { UnitChanges } from './unit-changes';

/** SQL: the version `v` is of the record whose key is this parameter. */
function isOfRecord(table: RecordTable, parameter: string): string {
  return `v.record_key = (
    SELECT ${table.keyText('k')} FROM jsonb_populate_record(${table.emptyRow}, ${parameter}::jsonb) AS k)`;
}

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
      `${versionQuery} WHERE v.model = $1 AND ${isOfRecord(table, '$2')} ORDER BY v.id DESC`,
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

  async asOf<M extends Model>(
    subject: VersionedModel<M>,
    { time, key }: { readonly time: Date; readonly key?: RecordKey },
    options?: WithTransaction,
  ): Promise<Version<M>[]> {
    const table = new RecordTable(subject.model);
    // What a version gives as its time has milliseconds, and must find that version again.
    const rows = await this.#read(
      `${versionQuery}
       WHERE v.kind <> 'deleted' AND v.id IN (
         SELECT DISTINCT ON (v.record_key) v.id FROM record_versions AS v
         WHERE v.model = $1 AND date_trunc('milliseconds', v.at) <= $2::timestamptz
           ${key ? `AND ${isOfRecord(table, '$3')}` : ''}
         ORDER BY v.record_key, v.id DESC)
       ORDER BY v.record_key`,
      {
        ...options,
        bind: [table.name, time, ...(key ? [JSON.stringify(table.columnsOf(key))] : [])],
      },
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
