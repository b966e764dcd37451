import type { Model, WhereOptions } from 'sequelize';
import { isDeepStrictEqual } from 'node:util';
import type {
  Changes,
  Version,
  VersionedModel,
  VersionKind,
  WithTransaction,
} from '../model/history';
import { RevisionError } from './errors';
import { fromSnapshot, isVirtual } from './snapshot';

/** One row of the versions, with its revision. */
export interface VersionRow {
  readonly id: string;
  readonly model: string;
  readonly key: string;
  readonly kind: VersionKind;
  readonly values: Readonly<Record<string, unknown>>;
  readonly at: Date;
  readonly revision_id: string;
  readonly user_name: string | null;
  readonly comment: string | null;
  readonly meta: Readonly<Record<string, unknown>> | null;
  readonly revision_at: Date;
  /** The values of the version before. */
  readonly before: Readonly<Record<string, unknown>> | null;
}

/** Selects a {@link VersionRow}: `v` is the version, `r` its revision. */
export const versionQuery = `
  SELECT v.id::text AS id, v.model, v.record_key AS key, v.kind, v."values", v.at, v.revision_id,
    r.user_name, r.comment, r.meta, r.at AS revision_at,
    (SELECT p."values" FROM record_versions AS p
     WHERE p.model = v.model AND p.record_key = v.record_key AND p.id < v.id
     ORDER BY p.id DESC LIMIT 1) AS before
  FROM record_versions AS v JOIN record_revisions AS r ON r.id = v.revision_id`;

type Values = Readonly<Record<string, unknown>>;

/** A version as it was read. */
export class RecordedVersion<M extends Model> implements Version<M> {
  readonly id: string;
  readonly model: string;
  readonly key: string;
  readonly kind: VersionKind;
  readonly values: Values;
  readonly at: Date;
  readonly revision: Version['revision'];
  readonly #subject: VersionedModel<M>;
  readonly #before: Values;

  constructor(subject: VersionedModel<M>, row: VersionRow) {
    this.id = row.id;
    this.model = row.model;
    this.key = row.key;
    this.kind = row.kind;
    this.values = revived(subject, row.values);
    this.at = row.at;
    this.revision = {
      id: row.revision_id,
      user: row.user_name,
      comment: row.comment,
      meta: row.meta,
      at: row.revision_at,
    };
    this.#subject = subject;
    this.#before = revived(subject, row.before ?? {});
  }

  diff(other?: Version): Changes {
    const before = other ? other.values : this.#before;
    const names = new Set([...Object.keys(before), ...Object.keys(this.values)]);
    for (const name of this.#subject.bookkeeping) names.delete(name);
    const changes: Record<string, { before: unknown; after: unknown }> = {};
    for (const name of names) {
      const change = { before: before[name] ?? null, after: this.values[name] ?? null };
      if (!isDeepStrictEqual(change.before, change.after)) changes[name] = change;
    }
    return changes;
  }

  async revert(options?: WithTransaction): Promise<M> {
    const record = await this.#find(options);
    if (!record) {
      throw new RevisionError('The record is deleted. Call restore() to bring it back.', this);
    }
    return this.#fill(record).save(options);
  }

  async restore(options?: WithTransaction): Promise<M> {
    const record = await this.#find(options);
    if (!record) {
      const extra = this.#subject.restoredValues(this.values);
      return this.#fill(this.#subject.model.build(), { ...this.primaryKey, ...extra }).save(
        options,
      );
    }
    if (!isSoftDeleted(record)) {
      throw new RevisionError('The record exists. Call revert() to set it back.', this);
    }
    this.#fill(record);
    await record.restore(options);
    return record;
  }

  /** Set the record to what it was, whether it exists or not. */
  async establish(options: WithTransaction): Promise<void> {
    const record = await this.#find(options);
    await (!record || isSoftDeleted(record) ? this.restore(options) : this.revert(options));
  }

  /** Delete the record, if it is there. */
  async remove(options: WithTransaction): Promise<void> {
    const record = await this.#find(options);
    if (record && !isSoftDeleted(record)) await record.destroy(options);
  }

  async #find(options: WithTransaction | undefined): Promise<M | null> {
    const where = this.primaryKey as WhereOptions;
    return this.#subject.model.unscoped().findOne({ ...options, where, paranoid: false });
  }

  /** Of the record, by attribute. */
  get primaryKey(): Record<string, unknown> {
    const { primaryKeyAttributes } = this.#subject.model;
    return Object.fromEntries(primaryKeyAttributes.map((name) => [name, this.values[name]]));
  }

  /** NOTE: setDataValue goes round custom setters, which have seen these values once already. */
  #fill(record: M, extra: Values = {}): M {
    const { model, bookkeeping } = this.#subject;
    const kept = new Set([...bookkeeping, ...model.primaryKeyAttributes]);
    const own = Object.entries(this.values).filter(([name]) => !kept.has(name));
    for (const [name, value] of [...own, ...Object.entries(extra)]) {
      const attribute = model.getAttributes()[name];
      if (attribute && !isVirtual(attribute.type)) record.setDataValue(name, value);
    }
    return record;
  }
}

function isSoftDeleted(record: Model): boolean {
  const { options } = record.constructor as unknown as { options: { paranoid?: boolean } };
  return options.paranoid === true && record.isSoftDeleted();
}

function revived(subject: VersionedModel, values: Values): Values {
  const attributes = subject.model.getAttributes();
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      fromSnapshot(attributes[name]?.type, value),
    ]),
  );
}
