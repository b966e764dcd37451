import type { EntityModel, PropertyModel, Reference } from './entity-model';
import type { SandboxManyToMany } from './schema';

/** A native many-to-many relationship, seen from one of its ends. */
export interface LinkEnd {
  /** On both faces and at both ends the same: `optevia_account_sector`. */
  readonly name: string;
  /** The entity whose records are the links. */
  readonly intersect: EntityModel;
  /** The intersect's property with the key of this end. */
  readonly own: PropertyModel;
  /** The intersect's property with the key of the other end. */
  readonly other: PropertyModel;
  readonly target: EntityModel;
}

/** An entity while its relationships are being added. */
export type Linkable = EntityModel & {
  readonly manyToMany: LinkEnd[];
  readonly references: Reference[];
};

function endProperty({ logicalName, key }: EntityModel): PropertyModel {
  const name = key.logicalName;
  return {
    name,
    kind: 'guid',
    target: logicalName,
    required: true,
    onDelete: 'cascade',
    logicalName: name,
    valueName: name,
    navigationName: name,
    role: 'data',
  };
}

/**
 * Make the entity of a relationship's links, and tell both ends of it.
 *
 * NOTE: an intersect has a key and the keys of its ends, no stamps. Its names are those that the CRM
 * derives: entity and sets from the relationship, properties from the keys of the ends.
 *
 * @throws Error for a relationship of an entity with itself, which the sandbox does not offer.
 */
export function linkEnds(
  { name, intersect: schemaName = name }: SandboxManyToMany,
  from: Linkable,
  to: Linkable,
): Linkable {
  if (from === to) {
    throw new Error(`The sandbox does not offer ${name}, which relates an entity to itself`);
  }
  const [own, other] = [endProperty(from), endProperty(to)];
  const logicalName = schemaName.toLowerCase();
  const key: PropertyModel = {
    name: `${schemaName}Id`,
    kind: 'guid',
    logicalName: `${logicalName}id`,
    valueName: `${logicalName}id`,
    navigationName: `${logicalName}id`,
    role: 'key',
  };
  const all = [key, own, other];
  const intersect: Linkable = {
    logicalName,
    schemaName,
    setName: `${schemaName}Set`,
    collectionName: `${logicalName}set`,
    key,
    hasStates: false,
    nameProperty: undefined,
    properties: new Map(all.map((property) => [property.name, property])),
    lookups: [],
    referring: [own, other],
    ends: [own, other],
    manyToMany: [],
    byLogicalName: new Map(all.map((property) => [property.logicalName, property])),
    emptyRecord: Object.fromEntries(all.map((property) => [property.name, null])),
    references: [],
  };
  from.manyToMany.push({ name, intersect, own, other, target: to });
  to.manyToMany.push({ name, intersect, own: other, other: own, target: from });
  return intersect;
}
