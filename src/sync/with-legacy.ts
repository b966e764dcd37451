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
import { TimestampedModel } from '../model/timestamped-model';
import { interceptDestroy, interceptRead, interceptSave, requireSkipped } from './interceptor';
import { legacyColumns, legacyColumnNames } from './legacy-columns';
import { skippedModel } from './skip';
import { skippedUpdate } from './write/skipped-save';

type Loose = (this: ModelStatic<Model>, ...values: never[]) => Promise<never>;

const oneByOne = 'Save the instances one by one, in one transaction if they belong together.';

/** What {@link withLegacy} adds to the statics of a base class. */
export interface LegacyStatics {
  /** This model with every call kept local; `instanceof` and types stay as they are. */
  skipLegacy<T extends ModelStatic<Model>>(this: T): T;
}

/**
 * Have the models of a base class kept in both stores: for a team that has a base class of its own,
 * derived from `TimestampedModel`. Its models `declare` `legacyId`, `legacyModifiedAt` and
 * `legacyVersion` where they use them.
 *
 * The ten overrides below catch every call that Sequelize 6 has; all others end in one of them.
 *
 * @example
 * class TeamModel extends withLegacy(TeamBase) {}
 */
// eslint-disable-next-line max-lines-per-function -- a class: ten overrides, each a line or two
export function withLegacy<B extends typeof TimestampedModel>(Base: B): B & LegacyStatics {
  class Synced extends (Base as typeof TimestampedModel) {
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
      });
    }

    override async save(options?: SaveOptions): Promise<this> {
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
      values: never,
      options: never,
    ) {
      requireSkipped(this, options, { name: 'update', instead: `Find the rows. ${oneByOne}` });
      return (Base.update as Loose).apply(this, skippedUpdate(this, values, options) as never);
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
      return (Base.increment as Loose).apply(this, call);
    };
  }
  return Synced as unknown as B & LegacyStatics;
}
