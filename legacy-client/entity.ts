/**
 * What a legacy property holds. The dialects know how each kind is written in URLs and bodies.
 *
 * | kind | neutral value ({@link LegacyValue}) |
 * | --- | --- |
 * | `string` | string |
 * | `boolean` | boolean |
 * | `integer`, `optionSet` | number, whole |
 * | `decimal`, `money` | string, decimal notation without exponent, e.g. `'1234.50'` |
 * | `dateTime` | Date, UTC, milliseconds |
 * | `dateOnly` | string, `'2026-11-21'` |
 * | `guid`, `lookup` | string, lower case, no braces |
 */
export type PropertyKind =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'money'
  | 'dateTime'
  | 'dateOnly'
  | 'guid'
  | 'optionSet'
  | 'lookup';

/** A property's value in the neutral form that {@link PropertyKind} lists; `null` for none. */
export type LegacyValue = string | number | boolean | Date | null;

/**
 * The type that a property has in the service's `$metadata`, where one kind may have several. Only
 * `odata2` and `odata4` look at it.
 */
export type WireType =
  | 'Edm.String'
  | 'Edm.Int32'
  | 'Edm.Int64'
  | 'Edm.Decimal'
  | 'Edm.Double'
  | 'Edm.Single'
  | 'Edm.Date'
  | 'Edm.DateTime'
  | 'Edm.DateTimeOffset';

/** The entity that a lookup points to. */
export interface LookupTarget {
  /** As in the URL: `AccountSet`, `accounts`. */
  readonly entitySet: string;
  /** `account`; Dynamics 2011 asks for it when a lookup is written. */
  readonly logicalName?: string;
}

/** One property of a legacy entity, as the mapping names it. */
export interface LegacyProperty {
  /**
   * The name in the mapping: the schema name on Dynamics 2011 (`optevia_Sector`), the logical name
   * on Dataverse (`name`), for a Dataverse lookup its navigation name (`optevia_Sector`).
   */
  readonly name: string;
  readonly kind: PropertyKind;
  /** Left out where it is the usual one of the kind; docs/WIRE.md lists them. */
  readonly type?: WireType | undefined;
  /** Only for lookups. */
  readonly target?: LookupTarget | undefined;
}

/** What says whether a record counts as one that is there. */
export interface RecordPresence {
  /** One of the entity's properties. */
  readonly property: LegacyProperty;
  /** What it holds in records that are there. */
  readonly value: NonNullable<LegacyValue>;
}

/** What the client must know of an entity set to speak of its records. */
export interface LegacyEntity {
  /** As in the URL: `AccountSet`, `accounts`. */
  readonly entitySet: string;
  /** The key property, a GUID: `AccountId`, `accountid`. */
  readonly key: string;
  /** `account`. */
  readonly logicalName?: string;
  /** The property with the stamp of the last change; left out where the server has none. */
  readonly modifiedOn?: string;
  /** The property with the stamp of creation; left out where the server has none. */
  readonly createdOn?: string;
  /** Every property that is read and written; the key and the stamps are not repeated here. */
  readonly properties: readonly LegacyProperty[];
  /**
   * Records without this count as not there, for whatever is read: lists and counts leave them out,
   * a single one is not found, and feeds tell of them as of deleted ones. Writes do not look at it.
   */
  readonly presence?: RecordPresence | undefined;
  /**
   * A record with a value that cannot be read comes without that value, and says so
   * ({@link LegacyRecord.unreadable}), where otherwise the whole answer is an error.
   */
  readonly keepsUnreadable?: boolean | undefined;
}

/** One legacy record, decoded. */
export interface LegacyRecord {
  /** The GUID: lower case, no braces. */
  readonly key: string;
  /** UTC; whole seconds on Dynamics 2011. Null where the server has no such stamp. */
  readonly modifiedOn: Date | null;
  /** UTC. */
  readonly createdOn: Date | null;
  /** The ETag where the dialect has ETags (`W/"4711"`), otherwise null. */
  readonly version: string | null;
  /** By {@link LegacyProperty.name}; a property that the server left out is absent here. */
  readonly values: Readonly<Record<string, LegacyValue>>;
  /**
   * Why values are missing: the first that could not be read, by its property's name. Only of an entity
   * that `keepsUnreadable`.
   */
  readonly unreadable?: string | undefined;
  /** The answer as it came, for hooks that one-to-one mappings cannot express. */
  readonly raw: Readonly<Record<string, unknown>>;
}
