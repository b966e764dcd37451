import type { Attributes, Model, ModelStatic } from 'sequelize';
import type { LegacyRecord, LegacyValue, PropertyKind } from '../../legacy-client';
import type { Field } from './field';

/** What happens when a row and its legacy record were both changed since they last agreed. */
export type ConflictRule =
  /** By field: only what the application changed is sent, and it wins. */
  | 'last-write-wins'
  /** Any change on the legacy side since refuses the write. */
  | 'reject'
  /** Three ways: refused only when both sides changed the same field to different values. */
  | 'merge';

/** What the conversion hooks of a migrator are told. */
export interface ConversionContext {
  readonly model: string;
  readonly operation: 'create' | 'update' | 'refresh';
}

/** How a model is followed where changes are found by their stamps. */
export interface FollowOptions {
  /** How far before the last stamp to look again, in milliseconds; default 300,000. */
  readonly overlapMs?: number;
  /** How old the last comparison of all keys may be, in milliseconds; default 600,000. */
  readonly sweepEveryMs?: number;
}

/** A native many-to-many relationship of Dynamics. */
export interface LinkDefinition<Attribute extends string = string> {
  /**
   * The navigation property of the entity that `from` looks up: on Dynamics 2011 the relationship's
   * schema name (`optevia_account_sector`), on Dataverse the collection-valued navigation property.
   */
  readonly navigation: string;
  /** The attribute with the lookup of one end. */
  readonly from: Attribute;
  /** The attribute with the lookup of the other end. */
  readonly to: Attribute;
}

/** What makes a record inactive. */
export interface DeactivationDefinition {
  /** The property that says so. */
  readonly property: string;
  /** What it holds in records that are there: only those are read. */
  readonly active: string | number | boolean;
  /** What it is set to when a row is destroyed. */
  readonly inactive: string | number | boolean;
}

/** How one model is kept in the legacy system. See {@link defineMigrator}. */
export interface MigratorDefinition<M extends Model = Model> {
  /** As in the URL: `AccountSet`, `accounts`. */
  readonly entitySet: string;
  /** The legacy key property, a GUID: `AccountId`. */
  readonly key: string;
  /** `account`; needed where others look this entity up on Dynamics 2011. */
  readonly logicalName?: string;
  /** The stamp of the last change; by default the dialect's (`ModifiedOn`, `modifiedon`). `null`: none. */
  readonly modifiedOn?: string | null;
  /** The stamp of creation; by default the dialect's. `null`: none. */
  readonly createdOn?: string | null;
  /** Properties that are read but never sent. */
  readonly neverSend?: readonly string[];
  /** By local attribute. */
  readonly fields: Readonly<Partial<Record<keyof Attributes<M> & string, Field>>>;
  /** Further properties, read and sent for the hooks only: `{ Address1_Line1: 'string' }`. */
  readonly properties?: Readonly<Record<string, PropertyKind>>;
  /** Default `'last-write-wins'`. */
  readonly conflict?: ConflictRule;
  /** What a synced read does with a row that a skipped write left ahead. Default `'error'`. */
  readonly onLocalAhead?: 'error' | 'overwrite' | 'push';
  /** What a read does when a record that it needs cannot be kept locally. Default `'error'`. */
  readonly onRejected?: 'error' | 'skip';
  /** Whether a query that no legacy filter can bound may fetch the whole entity. Default `'allow'`. */
  readonly onUnbounded?: 'allow' | 'refuse';
  /**
   * What becomes of the legacy record of a row that is destroyed. Default `'delete'`.
   *
   * `'deactivate'`: it is made inactive, and inactive records count as not there; one that is active
   * again is the same record. On Dynamics it is the record's state that says so; elsewhere, or where
   * another property does, say which: `{ deactivate: { property, active, inactive } }`.
   */
  readonly onDestroy?: 'delete' | 'deactivate' | { readonly deactivate: DeactivationDefinition };
  /**
   * Load the model completely at the first need, and from then on ask only for what has changed.
   * Needs a change feed (Dataverse) or stamps (Dynamics 2011, only for reads that take an older
   * answer). Default false.
   */
  readonly follow?: boolean | FollowOptions;
  /**
   * Any number, to be raised when values are made of records in another way, and nothing else in the
   * mapping says so: a followed model is then loaded completely again.
   */
  readonly mappingVersion?: number;
  /**
   * The rows are the links of a native many-to-many relationship: they are made by associating two
   * records, removed by disassociating them, and never changed. Both lookups are the only fields,
   * each named by the property of the intersect entity that holds the key (`accountid`). Links have
   * no stamps unless `modifiedOn` and `createdOn` name some.
   */
  readonly link?: LinkDefinition<keyof Attributes<M> & string>;
  /** Change or add values by property name before they are sent. */
  toLegacy?(
    values: Readonly<Record<string, LegacyValue>>,
    context: ConversionContext,
  ): Readonly<Record<string, LegacyValue>>;
  /** Change or add values by attribute name after a record was read. */
  fromLegacy?(
    record: LegacyRecord,
    context: ConversionContext,
  ): Readonly<Partial<Record<keyof Attributes<M> & string, unknown>>>;
}

/** One model's mapping, handed to `connectLegacy({ migrators })`. */
export interface Migrator {
  readonly model: ModelStatic<Model>;
  readonly definition: MigratorDefinition;
}

/**
 * Declare how a model is kept in the legacy system.
 *
 * The attribute names are checked against the model by the compiler, and again, with the lookups'
 * models, when the legacy system is connected.
 */
export function defineMigrator<M extends Model>(
  model: ModelStatic<M>,
  definition: MigratorDefinition<M>,
): Migrator {
  return { model, definition: definition as MigratorDefinition };
}
