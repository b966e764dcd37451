import { childrenOf, elementOf, type XmlElement } from '../xml/parse';
import { attributeOf, elementTypeOf, type TypedElement, type TypeNames } from './schema-names';
import type { ManyToManyMetadata } from './service-metadata';

/** The navigations of an entity type to many records that have, in turn, many of it. */
export function readManyToMany({ element }: TypedElement, names: TypeNames): ManyToManyMetadata[] {
  return navigationsOf(element).flatMap((navigation) => {
    const name = attributeOf(navigation, 'Name');
    const target =
      attributeOf(navigation, 'Type') === undefined
        ? byAssociation(navigation, names)
        : byPartner(navigation, names);
    return name === undefined || target === undefined ? [] : { navigation: name, target };
  });
}

function navigationsOf(type: XmlElement): XmlElement[] {
  return childrenOf(type, 'NavigationProperty').map(elementOf);
}

/** Version 4: both navigations of a pair are collections. */
function byPartner(navigation: XmlElement, names: TypeNames): string | undefined {
  const target = manyOf(navigation);
  const partner = attributeOf(navigation, 'Partner');
  if (target === undefined || partner === undefined) return undefined;
  const isCollection = names
    .lineageOf('EntityType', target)
    .flatMap(({ element }) => navigationsOf(element))
    .some((back) => attributeOf(back, 'Name') === partner && manyOf(back) !== undefined);
  return isCollection ? names.entityNameOf(target) : undefined;
}

/** Of a collection the qualified name of its elements' type. */
function manyOf(navigation: XmlElement): string | undefined {
  const { qualified, isCollection } = elementTypeOf(attributeOf(navigation, 'Type') ?? '');
  return isCollection ? qualified : undefined;
}

/** Versions 2 and 3: both ends of the association are many. */
function byAssociation(navigation: XmlElement, names: TypeNames): string | undefined {
  const association = names.find('Association', attributeOf(navigation, 'Relationship') ?? '');
  if (!association) return undefined;
  const ends = childrenOf(association.element, 'End').map(elementOf);
  if (ends.length !== 2 || ends.some((end) => attributeOf(end, 'Multiplicity') !== '*')) {
    return undefined;
  }
  const role = attributeOf(navigation, 'ToRole');
  const type = ends.find((end) => attributeOf(end, 'Role') === role)?.['@Type'];
  return typeof type === 'string' ? names.entityNameOf(type) : undefined;
}
