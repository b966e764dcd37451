import type { DialectName, EntityMetadata, LookupMetadata } from '../../legacy-client';

/** A property that points to a record, and where to. */
export interface LookupProperty {
  /** As a mapping names it: on Dataverse the navigation property. */
  readonly property: string;
  /** The property of the metadata that holds the key. */
  readonly heldBy: string;
  /** Names of the entities that it may point to; none where the metadata does not say. */
  readonly targets: readonly string[];
  /** The target was found by its name only: Dynamics 2011 does not say what a lookup points to. */
  readonly isGuessed: boolean;
}

/**
 * The properties of an entity that point to records.
 *
 * @param names - of all entities of the service, without namespace.
 */
export function lookupProperties(
  entity: EntityMetadata,
  dialect: DialectName,
  names: readonly string[],
): LookupProperty[] {
  return dialect === 'dynamics2011' ? guessedLookups(entity, names) : namedLookups(entity, dialect);
}

function namedLookups(entity: EntityMetadata, dialect: DialectName): LookupProperty[] {
  const byProperty = new Map<string, LookupMetadata[]>();
  for (const lookup of entity.lookups) {
    if (lookup.property === undefined) continue;
    byProperty.set(lookup.property, [...(byProperty.get(lookup.property) ?? []), lookup]);
  }
  return [...byProperty].map(([heldBy, lookups]) => ({
    property: dialect === 'dataverse' ? (lookups[0]?.navigation ?? heldBy) : heldBy,
    heldBy,
    targets: lookups.map(({ target }) => target),
    isGuessed: false,
  }));
}

/** NOTE: the OData service of Dynamics 2011 has no constraint that ties a lookup to its navigation. */
function guessedLookups(entity: EntityMetadata, names: readonly string[]): LookupProperty[] {
  return entity.properties
    .filter(({ type, isCollection }) => type === 'EntityReference' && !isCollection)
    .map(({ name }) => ({
      property: name,
      heldBy: name,
      targets: targetByName(name, names),
      isGuessed: true,
    }));
}

/** `ParentAccountId` ends like `Account`, `optevia_Sector` like `optevia_sector`: the longest wins. */
function targetByName(property: string, names: readonly string[]): string[] {
  const wanted = property.replace(/Id$/, '').toLowerCase();
  const [best] = names
    .filter((name) => wanted.endsWith(name.toLowerCase()))
    .sort((a, b) => b.length - a.length);
  return best === undefined ? [] : [best];
}
