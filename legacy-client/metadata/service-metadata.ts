/** What a service says of itself in `$metadata`, as far as a mapping can be made of it. */
export interface ServiceMetadata {
  /** Of OData. */
  readonly version: 2 | 3 | 4;
  /** Those that have an entity set, in the document's order. */
  readonly entities: readonly EntityMetadata[];
}

/** One entity type that has an entity set. */
export interface EntityMetadata {
  /**
   * The type's name without its namespace: `Account`, `account`; with it where several namespaces have
   * a type of this name. Of several sets of one type, the second and later ones have the set's name.
   */
  readonly name: string;
  /** As in the URL: `AccountSet`, `accounts`. */
  readonly entitySet: string;
  /** Names of the key's properties. */
  readonly key: readonly string[];
  /** Inherited ones, too. */
  readonly properties: readonly PropertyMetadata[];
  /** Navigations to one record. */
  readonly lookups: readonly LookupMetadata[];
  /** Navigations to many records that have many of this entity in turn. */
  readonly manyToMany: readonly ManyToManyMetadata[];
}

/** One property. */
export interface PropertyMetadata {
  readonly name: string;
  /**
   * `Edm.String`; of complex types and enumerations the name without namespace: `EntityReference`,
   * `Money`. Of a collection the elements' type, of a type definition what it stands for.
   */
  readonly type: string;
  readonly isCollection: boolean;
  readonly nullable: boolean;
  /** In characters; undefined where there is no limit, or none is said. */
  readonly maxLength?: number | undefined;
  /** Digits of a decimal. */
  readonly precision?: number | undefined;
  /** Of these, digits behind the point. */
  readonly scale?: number | undefined;
}

/** A navigation from an entity to one record of another, or of the same. */
export interface LookupMetadata {
  /** The navigation property. */
  readonly navigation: string;
  /** {@link EntityMetadata.name} of what is pointed to. */
  readonly target: string;
  /** The property that holds the key of it, where the document says so. */
  readonly property?: string | undefined;
}

/** One side of a native many-to-many relationship. */
export interface ManyToManyMetadata {
  /** The navigation property. */
  readonly navigation: string;
  /** {@link EntityMetadata.name} of the other end. */
  readonly target: string;
}
