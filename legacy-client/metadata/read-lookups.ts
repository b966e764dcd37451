import { childrenOf, elementOf, type XmlElement } from '../xml/parse';
import { attributeOf, elementTypeOf, type TypedElement, type TypeNames } from './schema-names';
import type { LookupMetadata } from './service-metadata';

/** The navigations of an entity type that lead to one record. */
export function readLookups({ element }: TypedElement, names: TypeNames): LookupMetadata[] {
  return childrenOf(element, 'NavigationProperty')
    .map(elementOf)
    .flatMap((navigation) =>
      attributeOf(navigation, 'Type') === undefined
        ? (lookupByAssociation(navigation, names) ?? [])
        : (lookupByType(navigation, names) ?? []),
    );
}

/** Version 4 says all of it in one place. */
function lookupByType(navigation: XmlElement, names: TypeNames): LookupMetadata | undefined {
  const name = attributeOf(navigation, 'Name');
  const { qualified, isCollection } = elementTypeOf(attributeOf(navigation, 'Type') ?? '');
  if (name === undefined || isCollection) return undefined;
  const [constraint, ...others] = childrenOf(navigation, 'ReferentialConstraint').map(elementOf);
  // A key of several properties is none that a mapping can take.
  const property =
    constraint && others.length === 0 ? attributeOf(constraint, 'Property') : undefined;
  return { navigation: name, target: names.entityNameOf(qualified), property };
}

/** Versions 2 and 3 name an association, whose ends say how many records there are. */
function lookupByAssociation(navigation: XmlElement, names: TypeNames): LookupMetadata | undefined {
  const name = attributeOf(navigation, 'Name');
  const association = names.find('Association', attributeOf(navigation, 'Relationship') ?? '');
  if (name === undefined || !association) return undefined;
  const role = attributeOf(navigation, 'ToRole');
  const end = childrenOf(association.element, 'End')
    .map(elementOf)
    .find((one) => attributeOf(one, 'Role') === role);
  const type = end && attributeOf(end, 'Type');
  if (!end || type === undefined || attributeOf(end, 'Multiplicity') === '*') return undefined;
  const target = names.entityNameOf(type);
  return { navigation: name, target, property: dependentProperty(association.element, role) };
}

/** The one property of the end that is not pointed to, when it holds the key of the other. */
function dependentProperty(
  association: XmlElement,
  targetRole: string | undefined,
): string | undefined {
  const constraint = elementOf(childrenOf(association, 'ReferentialConstraint')[0]);
  const dependent = elementOf(childrenOf(constraint, 'Dependent')[0]);
  if (attributeOf(dependent, 'Role') === targetRole) return undefined;
  const [property, ...others] = childrenOf(dependent, 'PropertyRef').map(elementOf);
  return property && others.length === 0 ? attributeOf(property, 'Name') : undefined;
}
