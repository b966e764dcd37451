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
import { registeredModel } from '../model/history';
import { TimestampedModel } from '../model/timestamped-model';
import {
  interceptBulkCreate,
  interceptBulkDestroy,
  interceptHooks,
  interceptIncrement,
  interceptRestore,
  interceptUpdate,
  interceptUpsert,
} from './bulk-interceptor';
import { explainRead } from './explain/explain-sync';
import type { SyncExplanation } from './explain/explanation';
import {
  interceptDestroy,
  interceptRead,
  interceptReload,
  interceptSave,
  interceptSet,
  servingModel,
} from './interceptor';
import { legacyColumns, legacyColumnNames } from './legacy-columns';
import type { ReadOptions } from './read/sequelize-internals';
import { refreshRows, type RefreshOptions, type RefreshResult } from './read/refresh-call';
import { connectedModel } from './runtime';
import { skippedModel } from './skip';

type RowValues = Readonly<Record<string, unknown>>;

type Loose = (this: ModelStatic<Model>, ...values: never[]) => Promise<never>;

/** What {@link withLegacy} adds to the statics of a base class. */
export interface LegacyStatics {
  /** This model with every call kept local; `instanceof` and types stay as they are. */
  skipLegacy<T extends ModelStatic<Model>>(this: T): T;
  /**
   * Bring the rows up to date that match, without loading them: for SQL of one's own. What is gone
   * in the legacy system is removed.
   */
  refresh<M extends Model>(
    this: ModelStatic<M>,
    options?: Pick<FindOptions<Attributes<M>>, 'where' | 'include' | 'transaction'>,
  ): Promise<RefreshResult>;
  /**
   * Say what `findAll` with these options would ask the legacy system, and what it would decide
   * here. Nothing is sent there.
   */
  explainSync<M extends Model>(
    this: ModelStatic<M>,
    options?: FindOptions<Attributes<M>>,
  ): Promise<SyncExplanation>;
}

/**
 * Have the models of a base class kept in both stores: for a team that has a base class of its own,
 * derived from `TimestampedModel`. Its models `declare` `legacyId`, `legacyModifiedAt` and
 * `legacyVersion` where they use them.
 *
 * Ten of the overrides below catch every call that Sequelize 6 has; all others end in one of them.
 * Those of `reload` and `set` only note what an instance then holds.
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

    /** Where the record of a deleted row was made inactive, it is that record which comes back. */
    static override restoredValues(snapshot: RowValues): RowValues {
      const { mapping } = connectedModel(registeredModel(this).name, this.sequelize) ?? {};
      const own = mapping?.deactivation ? { legacyId: snapshot.legacyId ?? null } : {};
      return { ...super.restoredValues(snapshot), ...own };
    }

    /** This model with every call kept local; `instanceof` and types stay as they are. */
    static skipLegacy<T extends ModelStatic<Model>>(this: T): T {
      return skippedModel(this);
    }

    static async refresh(
      this: ModelStatic<Model>,
      options: RefreshOptions = {},
    ): Promise<RefreshResult> {
      return refreshRows(servingModel(this), this, options);
    }

    static async explainSync(
      this: ModelStatic<Model>,
      options: ReadOptions = {},
    ): Promise<SyncExplanation> {
      return explainRead(servingModel(this), this, options);
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
        counts: aggregateFunction === 'count' && attribute === '*',
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

    override async reload(options?: FindOptions<Attributes<this>>): Promise<this> {
      return interceptReload(this, options, () => super.reload(options));
    }

    override set(key: unknown, value?: unknown, options?: unknown): this {
      const given = (typeof key === 'object' ? value : options) as { raw?: boolean } | undefined;
      // What is loaded comes here value by value.
      if (given?.raw === true) return super.set(key as never, value as never, options as never);
      return interceptSet(this, () => super.set(key as never, value as never, options as never));
    }

    static override async bulkCreate<M extends Model>(
      this: ModelStatic<M>,
      records: readonly CreationAttributes<M>[],
      options?: BulkCreateOptions<Attributes<M>>,
    ): Promise<M[]> {
      return interceptBulkCreate(
        { model: this, options, records },
        (own, local) => super.bulkCreate.call(this, own, local) as Promise<M[]>,
      );
    }

    static override async upsert<M extends Model>(
      this: ModelStatic<M>,
      values: CreationAttributes<M>,
      options?: UpsertOptions<Attributes<M>>,
    ): Promise<[M, boolean | null]> {
      return interceptUpsert(
        { model: this, options, values },
        (own, local) => super.upsert.call(this, own, local) as Promise<[M, boolean | null]>,
      );
    }

    static override update: typeof TimestampedModel.update = async function update(
      this: ModelStatic<Model>,
      values: never,
      options: never,
    ) {
      return interceptUpdate({ model: this, options, values }, (...own) =>
        (Base.update as Loose).apply(this, own as never),
      ) as Promise<never>;
    };

    static override async destroy<M extends Model>(
      this: ModelStatic<M>,
      options?: DestroyOptions<Attributes<M>>,
    ): Promise<number> {
      return interceptBulkDestroy({ model: this, options }, (own) => super.destroy.call(this, own));
    }

    static override async restore<M extends Model>(
      this: ModelStatic<M>,
      options?: RestoreOptions<Attributes<M>>,
    ): Promise<void> {
      // NOTE: Sequelize's own gives the number of rows, whatever its types say.
      return interceptRestore({ model: this, options }, (own) =>
        super.restore.call(this, own),
      ) as Promise<void>;
    }

    static override increment: typeof TimestampedModel.increment = async function increment(
      this: ModelStatic<Model>,
      fields: never,
      options: never,
    ) {
      return interceptIncrement({ model: this, options, fields }, (own) =>
        (Base.increment as Loose).call(this, fields, own as never),
      ) as Promise<never>;
    };

    /** Run the hooks of a kind; Sequelize calls this. */
    static runHooks(name: unknown, ...args: unknown[]): unknown {
      const { runHooks } = Base as unknown as Record<'runHooks', (...call: unknown[]) => unknown>;
      return interceptHooks({ name, args }, () => runHooks.call(this, name, ...args));
    }
  }
  return Synced as unknown as B & LegacyStatics;
}
