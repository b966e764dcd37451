import {
  type Attributes,
  type BulkCreateOptions,
  type CreationAttributes,
  type CreationOptional,
  type DestroyOptions,
  type ForeignKey,
  type IncrementDecrementOptions,
  type IncrementDecrementOptionsWithBy,
  type InitOptions,
  type InstanceDestroyOptions,
  Model,
  type ModelAttributes,
  type ModelStatic,
  type Optional,
  type RestoreOptions,
  type SaveOptions,
  type UpdateOptions,
  type UpsertOptions,
} from 'sequelize';
import type { Version, WithTransaction } from './history';
import {
  noteBulkCreated,
  notedBulkCreate,
  notedIncrement,
  notedRestore,
  notedUpdate,
  notedUpsert,
} from './noted-bulk-writes';
import { notedDestroy } from './noted-destroy';
import { notedDestroyInstance, notedSave } from './noted-instance-writes';
import { connectedHistory, keyOf, versionedModel } from './versioned-model';

declare const providedBrand: unique symbol;

/**
 * A `declare`d attribute that a base class adds to its models: it may be left out of `init`, and
 * when a record is created.
 */
export type Provided<T> = T extends null | undefined
  ? T
  : CreationOptional<T> & { [providedBrand]?: true };

type KeysBranded<T, Brand extends PropertyKey> = {
  [K in keyof T]-?: Brand extends keyof NonNullable<T[K]> ? K : never;
}[keyof T];

/** What Sequelize's associations add, and so may be left out of `init` by Sequelize's own rule. */
type ForeignKeyBrand = keyof ForeignKey<object>;

/** The attributes that an application's model writes in `init` itself. */
export type OwnAttributes<M extends Model> = Optional<
  Attributes<M>,
  KeysBranded<Attributes<M>, typeof providedBrand | ForeignKeyBrand>
>;

type BulkValues<M extends Model> = Parameters<typeof Model.update<M>>[0];

type AttributeNames<M extends Model> = keyof Attributes<M> | readonly (keyof Attributes<M>)[];

type Returning<M extends Model> = Exclude<
  UpdateOptions<Attributes<M>>['returning'],
  undefined | false
>;

/**
 * A model with the stamps `createdAt` and `modifiedAt`, whose changes are noted as versions when
 * revisions are connected.
 *
 * Without revisions every call is Sequelize's own. With them a write that is not in a transaction
 * gets one of its own, so that record and version are stored together; hooks find it in
 * `options.transaction`. What goes round the model is not noted: raw SQL, `QueryInterface`, and rows
 * that the database itself deletes or changes by ON DELETE.
 *
 * @example
 * class Organisation extends TimestampedModel<
 *   InferAttributes<Organisation>,
 *   InferCreationAttributes<Organisation>
 * > {
 *   declare id: CreationOptional<string>;
 *   declare name: string;
 * }
 * Organisation.init({ id: …, name: DataTypes.TEXT }, { sequelize });
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Sequelize's own Model has it
export class TimestampedModel<A extends object = any, C extends object = A> extends Model<A, C> {
  declare createdAt: Provided<Date>;
  declare modifiedAt: Provided<Date>;

  /**
   * Columns that a base class adds to each of its models. Declare them as {@link Provided}
   * attributes, and add to what `super.providedColumns()` gives.
   */
  static providedColumns(): ModelAttributes {
    return {};
  }

  /**
   * Attributes that are not the record's own: reverting leaves them alone. By default the stamps,
   * and the version number of optimistic locking.
   */
  static bookkeeping(): readonly string[] {
    const { version, paranoid, deletedAt } = this.options as typeof this.options & {
      version?: boolean | string;
    };
    return [
      'createdAt',
      'modifiedAt',
      ...(paranoid ? [typeof deletedAt === 'string' ? deletedAt : 'deletedAt'] : []),
      ...(version ? [typeof version === 'string' ? version : 'version'] : []),
    ];
  }

  /** Bookkeeping that a restored record gets back all the same, from its last snapshot. By default none. */
  static restoredValues(
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- read by those who override it
    _snapshot: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    return {};
  }

  /** Define the model's own attributes; stamps and {@link providedColumns} are added. */
  static override init<MS extends ModelStatic<Model>, M extends InstanceType<MS>>(
    this: MS,
    attributes: ModelAttributes<M, OwnAttributes<M>>,
    options: InitOptions<M>,
  ): MS {
    const columns = (this as unknown as typeof TimestampedModel).providedColumns();
    // The attributes are complete now, which Sequelize's types cannot see.
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with this class below
    const define = super.init as (this: MS, attributes: object, options: object) => MS;
    const model = define.call(
      this,
      { ...attributes, ...columns },
      { ...options, timestamps: true, createdAt: 'createdAt', updatedAt: 'modifiedAt' },
    );
    model.addHook('afterBulkCreate', noteBulkCreated as never);
    return model;
  }

  /** The record's versions, newest first. A transaction under way adds its own when it commits. */
  async versions(options?: WithTransaction): Promise<Version<this>[]> {
    const model = this.constructor as ModelStatic<this>;
    return connectedHistory(model).versions(versionedModel(model), keyOf(this), options);
  }

  /**
   * The record as it was at a time: its last version written until then.
   *
   * @returns null when it did not exist then, or when its versions begin later.
   */
  async asOf(time: Date, options?: WithTransaction): Promise<Version<this> | null> {
    const model = this.constructor as ModelStatic<this>;
    const moment = { time, key: keyOf(this) };
    const [version] = await connectedHistory(model).asOf(versionedModel(model), moment, options);
    return version ?? null;
  }

  /** All records as they were at a time, by primary key; see {@link TimestampedModel.asOf}. */
  static async asOf<M extends Model>(
    this: ModelStatic<M>,
    time: Date,
    options?: WithTransaction,
  ): Promise<Version<M>[]> {
    return connectedHistory(this).asOf(versionedModel(this), { time }, options);
  }

  /** The last version of each deleted record, the latest deletion first. */
  static async deletedVersions<M extends Model>(
    this: ModelStatic<M>,
    options?: WithTransaction,
  ): Promise<Version<M>[]> {
    return connectedHistory(this).deletedVersions(versionedModel(this), options);
  }

  override async save(options?: SaveOptions<A>): Promise<this> {
    return notedSave(this, options, (own) => super.save(own));
  }

  override async destroy(options?: InstanceDestroyOptions): Promise<void> {
    return notedDestroyInstance(this, options, (own) => super.destroy(own));
  }

  static override async bulkCreate<M extends Model>(
    this: ModelStatic<M>,
    records: readonly CreationAttributes<M>[],
    options?: BulkCreateOptions<Attributes<M>>,
  ): Promise<M[]> {
    return notedBulkCreate(
      this,
      options,
      (own) => super.bulkCreate.call(this, records, own) as Promise<M[]>,
    );
  }

  static override async upsert<M extends Model>(
    this: ModelStatic<M>,
    values: CreationAttributes<M>,
    options?: UpsertOptions<Attributes<M>>,
  ): Promise<[M, boolean | null]> {
    return notedUpsert(
      this,
      options,
      (own) => super.upsert.call(this, values, own) as Promise<[M, boolean | null]>,
    );
  }

  static override update<M extends Model>(
    this: ModelStatic<M>,
    values: BulkValues<M>,
    options: Omit<UpdateOptions<Attributes<M>>, 'returning'> & { returning: Returning<M> },
  ): Promise<[affectedCount: number, affectedRows: M[]]>;
  static override update<M extends Model>(
    this: ModelStatic<M>,
    values: BulkValues<M>,
    options: UpdateOptions<Attributes<M>>,
  ): Promise<[affectedCount: number]>;
  static override async update<M extends Model>(
    this: ModelStatic<M>,
    values: BulkValues<M>,
    options: UpdateOptions<Attributes<M>>,
  ): Promise<[affectedCount: number] | [affectedCount: number, affectedRows: M[]]> {
    type Update = (this: ModelStatic<M>, values: unknown, options: object) => Promise<never>;
    return notedUpdate(this, options, (own) => (super.update as Update).call(this, values, own));
  }

  static override async destroy<M extends Model>(
    this: ModelStatic<M>,
    options?: DestroyOptions<Attributes<M>>,
  ): Promise<number> {
    return notedDestroy(this, options, (own) => super.destroy.call(this, own));
  }

  static override async restore<M extends Model>(
    this: ModelStatic<M>,
    options?: RestoreOptions<Attributes<M>>,
  ): Promise<void> {
    // NOTE: Sequelize's own gives the number of rows, whatever its types say.
    return notedRestore(this, options, (own) => super.restore.call(this, own)) as Promise<void>;
  }

  /** Increment the given fields. Each changed row gets a version. */
  static override increment<M extends Model>(
    this: ModelStatic<M>,
    fields: AttributeNames<M>,
    options: IncrementDecrementOptionsWithBy<Attributes<M>>,
  ): Promise<[affectedRows: M[], affectedCount?: number]>;
  /** Increment each field by its own number. Each changed row gets a version. */
  static override increment<M extends Model>(
    this: ModelStatic<M>,
    fields: { [key in keyof Attributes<M>]?: number },
    options: IncrementDecrementOptions<Attributes<M>>,
  ): Promise<[affectedRows: M[], affectedCount?: number]>;
  static override async increment<M extends Model>(
    this: ModelStatic<M>,
    fields: AttributeNames<M> | { [key in keyof Attributes<M>]?: number },
    options: IncrementDecrementOptions<Attributes<M>>,
  ): Promise<[affectedRows: M[], affectedCount?: number]> {
    type Increment = (this: ModelStatic<M>, fields: unknown, options: object) => Promise<never>;
    return notedIncrement(this, options, (own) =>
      (super.increment as Increment).call(this, fields, own),
    );
  }
}
