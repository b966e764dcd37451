import type { Model, ModelStatic, Sequelize, Transaction } from 'sequelize';

/** What a version says about its record. */
export type VersionKind = 'created' | 'updated' | 'deleted';

/** The primary key of a record by attribute name: `{ id: 'b7…' }`. */
export type RecordKey = Readonly<Record<string, unknown>>;

/** Who changed something, and why. */
export interface RevisionDetails {
  readonly user?: string;
  readonly comment?: string;
  /** Anything that JSON can say. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** Rows of one model that a call has changed, or is about to delete. */
export interface Change {
  readonly model: ModelStatic<Model>;
  /**
   * `'deleted'` is for rows that leave the table and must be noted *before* they do;
   * `'soft-deleted'` for rows of paranoid models, which stay. All but `'deleted'` are noted after the
   * write.
   */
  readonly kind: VersionKind | 'soft-deleted';
  readonly keys: readonly RecordKey[];
  /**
   * The revision that the versions belong to, when it is not the enclosing block's; with an id (a
   * UUID), one that several units of work share.
   */
  readonly revision?: RevisionDetails & { readonly id?: string };
}

/** What differs between two versions, by attribute name. A missing attribute counts as null. */
export type Changes = Readonly<
  Record<string, { readonly before: unknown; readonly after: unknown }>
>;

/** The transaction to read or write in; by default Sequelize's own rule. */
export interface WithTransaction {
  readonly transaction?: Transaction | null;
}

/** A record as it was at the end of one unit of work. */
export interface Version<M extends Model = Model> {
  /** Ascending in the order of writing; a 64-bit number as text. */
  readonly id: string;
  /** The model's name: `Organisation`. */
  readonly model: string;
  /** The primary key as text; of several columns, a JSON array of their texts. */
  readonly key: string;
  readonly kind: VersionKind;
  /**
   * All stored attributes by name, with values as `instance.get()` gives them: dates are Date, decimals
   * and 64-bit numbers text. Of a `'deleted'` version: as they were last.
   */
  readonly values: Readonly<Record<string, unknown>>;
  readonly at: Date;
  readonly revision: {
    /** UUID */
    readonly id: string;
    readonly user: string | null;
    readonly comment: string | null;
    readonly meta: Readonly<Record<string, unknown>> | null;
    readonly at: Date;
  };
  /**
   * Compare the record's own attributes (stamps and other bookkeeping left out) with another
   * version, by default the one before this.
   */
  diff(other?: Version): Changes;
  /**
   * Set the record's own attributes to what they were, and save it as the application would.
   *
   * @throws RevisionError when the record is deleted.
   */
  revert(options?: WithTransaction): Promise<M>;
  /**
   * Bring a deleted record back under the same primary key, created as the application would.
   *
   * @throws RevisionError when the record exists.
   */
  restore(options?: WithTransaction): Promise<M>;
}

/** What the history needs to know of a model beyond what Sequelize knows. */
export interface VersionedModel<M extends Model = Model> {
  readonly model: ModelStatic<M>;
  /** Attributes that `revert` and `restore` leave alone, and `diff` leaves out. */
  readonly bookkeeping: readonly string[];
  /** Values that `restore` sets beside the record's own, from a snapshot. */
  restoredValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/**
 * Where changes are noted and versions are read. The revisions implement it; the models know only
 * this, and work without.
 */
export interface History {
  /** Note a change made, or about to be made, in a transaction. */
  note(transaction: Transaction, change: Change): Promise<void>;
  /** The versions of one record, newest first. */
  versions<M extends Model>(
    subject: VersionedModel<M>,
    key: RecordKey,
    options?: WithTransaction,
  ): Promise<Version<M>[]>;
  /** The last version of each deleted record, latest deletion first. */
  deletedVersions<M extends Model>(
    subject: VersionedModel<M>,
    options?: WithTransaction,
  ): Promise<Version<M>[]>;
  /**
   * The version that each record had at a time, of those that were not deleted then.
   *
   * @param moment.key - of one record; without it all of the model.
   */
  asOf<M extends Model>(
    subject: VersionedModel<M>,
    moment: { readonly time: Date; readonly key?: RecordKey },
    options?: WithTransaction,
  ): Promise<Version<M>[]>;
}

const histories = new WeakMap<Sequelize, History>();

/**
 * Note the changes of all models of a Sequelize instance, until the returned function is called.
 *
 * @throws Error when its changes are noted already.
 */
export function registerHistory(sequelize: Sequelize, history: History): () => void {
  if (histories.has(sequelize)) {
    throw new Error(
      'The changes of this Sequelize instance are noted already. Connect its revisions once, or ' +
        'disconnect them first.',
    );
  }
  histories.set(sequelize, history);
  return () => {
    if (histories.get(sequelize) === history) histories.delete(sequelize);
  };
}

/** Where a Sequelize instance's changes are noted, if anywhere. */
export function historyOf(sequelize: Sequelize | undefined): History | undefined {
  return sequelize && histories.get(sequelize);
}

/**
 * The model as Sequelize knows it, of a class that was derived from it, by `scope()` or `schema()`
 * say.
 */
export function registeredModel(model: ModelStatic<Model>): ModelStatic<Model> {
  const models = model.sequelize?.models;
  let candidate: unknown = model;
  while (typeof candidate === 'function') {
    if (models?.[candidate.name] === candidate) return candidate as ModelStatic<Model>;
    candidate = Object.getPrototypeOf(candidate);
  }
  return model;
}
