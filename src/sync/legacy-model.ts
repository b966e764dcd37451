import {
  type AggregateOptions,
  type Attributes,
  type BulkCreateOptions,
  type CreationAttributes,
  type DestroyOptions,
  type FindOptions,
  type InstanceDestroyOptions,
  type Model,
  type ModelAttributes,
  type ModelStatic,
  type RestoreOptions,
  type SaveOptions,
  type UpsertOptions,
} from 'sequelize';
import { TimestampedModel, type Provided } from '../model/timestamped-model';
import { interceptDestroy, interceptRead, interceptSave, requireSkipped } from './interceptor';
import { legacyColumns, legacyColumnNames } from './legacy-columns';
import { skippedModel } from './skip';

type Loose = (this: ModelStatic<Model>, ...values: never[]) => Promise<never>;

const oneByOne = 'Save the instances one by one, in one transaction if they belong together.';

/**
 * A model that is kept in PostgreSQL and in the legacy system. Its ordinary calls reach both: each
 * write ends in both or in neither, and reads refresh the local rows first. Deriving a model from
 * this class, and giving `connectLegacy` a migrator for it, is all that an application does.
 *
 * The ten overrides below catch every call that Sequelize 6 has; all others end in one of them.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Sequelize's own Model has it
export class LegacyModel<A extends object = any, C extends object = A> extends TimestampedModel<
  A,
  C
> {
  /** The legacy key, a GUID; null for a row that the legacy system does not have. */
  declare legacyId: Provided<string> | null;
  /** The CRM's stamp when both sides last agreed, UTC. */
  declare legacyModifiedAt: Provided<Date> | null;
  /** The ETag when both sides last agreed, where the dialect has ETags. */
  declare legacyVersion: Provided<string> | null;

  static override providedColumns(): ModelAttributes {
    return { ...super.providedColumns(), ...legacyColumns() };
  }

  static override bookkeeping(): readonly string[] {
    return [...super.bookkeeping(), ...legacyColumnNames];
  }

  /** This model with every call kept local; `instanceof` and types stay as they are. */
  static skipLegacy<T extends ModelStatic<Model>>(this: T): T {
    return skippedModel(this);
  }

  static override async findAll<M extends Model>(
    this: ModelStatic<M>,
    options?: FindOptions<Attributes<M>>,
  ): Promise<M[]> {
    const findAll = (own: object): Promise<M[]> => super.findAll.call(this, own) as Promise<M[]>;
    return interceptRead({
      model: this,
      options,
      givesRows: true,
      run: findAll,
      findRows: findAll,
    });
  }

  static override async aggregate<T, M extends Model>(
    this: ModelStatic<M>,
    attribute: keyof Attributes<M> | '*',
    aggregateFunction: string,
    options?: AggregateOptions<T, Attributes<M>>,
  ): Promise<T> {
    return interceptRead<T>({
      model: this,
      options,
      givesRows: false,
      run: (own) =>
        super.aggregate.call(this, attribute as never, aggregateFunction, own) as Promise<T>,
      findRows: (own) => super.findAll.call(this, own),
    });
  }

  override async save(options?: SaveOptions<A>): Promise<this> {
    return interceptSave(this, options, (own) => super.save(own));
  }

  override async destroy(options?: InstanceDestroyOptions): Promise<void> {
    return interceptDestroy(this, options, (own) => super.destroy(own));
  }

  static override async bulkCreate<M extends Model>(
    this: ModelStatic<M>,
    records: readonly CreationAttributes<M>[],
    options?: BulkCreateOptions<Attributes<M>>,
  ): Promise<M[]> {
    requireSkipped(this, options, { name: 'bulkCreate', instead: oneByOne });
    return super.bulkCreate.call(this, records, options) as Promise<M[]>;
  }

  static override async upsert<M extends Model>(
    this: ModelStatic<M>,
    values: CreationAttributes<M>,
    options?: UpsertOptions<Attributes<M>>,
  ): Promise<[M, boolean | null]> {
    requireSkipped(this, options, { name: 'upsert', instead: 'Use findOrCreate, then save.' });
    return super.upsert.call(this, values, options) as Promise<[M, boolean | null]>;
  }

  static override update: typeof TimestampedModel.update = async function update(
    this: ModelStatic<Model>,
    ...call: never[]
  ) {
    requireSkipped(this, call[1], { name: 'update', instead: `Find the rows. ${oneByOne}` });
    return (TimestampedModel.update as Loose).apply(this, call);
  };

  static override async destroy<M extends Model>(
    this: ModelStatic<M>,
    options?: DestroyOptions<Attributes<M>>,
  ): Promise<number> {
    requireSkipped(this, options, {
      name: options?.truncate ? 'truncate' : 'destroy',
      instead: 'Find the rows, and destroy the instances one by one.',
    });
    return super.destroy.call(this, options);
  }

  static override async restore<M extends Model>(
    this: ModelStatic<M>,
    options?: RestoreOptions<Attributes<M>>,
  ): Promise<void> {
    requireSkipped(this, options, {
      name: 'restore',
      instead: 'Find the rows with paranoid: false, and restore the instances one by one.',
    });
    return super.restore.call(this, options);
  }

  static override increment: typeof TimestampedModel.increment = async function increment(
    this: ModelStatic<Model>,
    ...call: never[]
  ) {
    requireSkipped(this, call[1], {
      name: 'increment',
      instead: 'Read the instance, set the new value, and save it.',
    });
    return (TimestampedModel.increment as Loose).apply(this, call);
  };
}
