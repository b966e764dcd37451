import { childrenOf, elementOf, parseXml, type XmlElement } from '../xml/parse';
import { readLookups } from './read-lookups';
import { readManyToMany } from './read-many-to-many';
import { attributeOf, type CsdlSchema, TypeNames } from './schema-names';
import type { EntityMetadata, PropertyMetadata, ServiceMetadata } from './service-metadata';

/**
 * Read a `$metadata` document: CSDL of OData 2, 3 or 4.
 *
 * @throws SyntaxError when it is cut off, not well formed, or no such document.
 */
export function readCsdl(xml: string): ServiceMetadata {
  const { name, root } = parseXml(xml);
  if (name !== 'Edmx')
    throw new SyntaxError(`<${name}> is no $metadata document: <Edmx> was expected`);
  const services = elementOf(childrenOf(root, 'DataServices')[0]);
  const schemas = childrenOf(services, 'Schema').map(elementOf).map(schemaOf);
  if (schemas.length === 0) throw new SyntaxError('the $metadata document has no schema');
  const names = new TypeNames(schemas);
  return { version: versionOf(root, services), entities: readEntities(schemas, names) };
}

function schemaOf(element: XmlElement): CsdlSchema {
  return {
    element,
    namespace: attributeOf(element, 'Namespace') ?? '',
    alias: attributeOf(element, 'Alias'),
  };
}

function versionOf(root: XmlElement, services: XmlElement): ServiceMetadata['version'] {
  if (attributeOf(root, 'Version')?.startsWith('4')) return 4;
  const data =
    attributeOf(services, 'MaxDataServiceVersion') ?? attributeOf(services, 'DataServiceVersion');
  return data?.startsWith('3') ? 3 : 2;
}

function readEntities(schemas: readonly CsdlSchema[], names: TypeNames): EntityMetadata[] {
  const seen = new Set<string>();
  const entities: EntityMetadata[] = [];
  for (const { entitySet, type } of entitySets(schemas)) {
    const lineage = names.lineageOf('EntityType', type);
    const [own] = lineage;
    const typeName = names.entityNameOf(type);
    // Of several sets of one type, navigations mean the first.
    const name = seen.has(typeName) ? entitySet : typeName;
    if (own === undefined || seen.has(name)) continue;
    seen.add(name);
    const elements = lineage.map(({ element }) => element);
    entities.push({
      name,
      entitySet,
      key: elements.flatMap(keyOf),
      properties: [...elements].reverse().flatMap((element) => propertiesOf(element, names)),
      lookups: [...lineage].reverse().flatMap((typed) => readLookups(typed, names)),
      manyToMany: [...lineage].reverse().flatMap((typed) => readManyToMany(typed, names)),
    });
  }
  return entities;
}

function* entitySets(
  schemas: readonly CsdlSchema[],
): Iterable<{ readonly entitySet: string; readonly type: string }> {
  for (const { element } of schemas) {
    for (const container of childrenOf(element, 'EntityContainer').map(elementOf)) {
      for (const set of childrenOf(container, 'EntitySet').map(elementOf)) {
        const entitySet = attributeOf(set, 'Name');
        const type = attributeOf(set, 'EntityType');
        if (entitySet !== undefined && type !== undefined) yield { entitySet, type };
      }
    }
  }
}

function keyOf(type: XmlElement): string[] {
  return childrenOf(type, 'Key')
    .map(elementOf)
    .flatMap((key) => childrenOf(key, 'PropertyRef').map(elementOf))
    .flatMap((property) => attributeOf(property, 'Name') ?? []);
}

function propertiesOf(type: XmlElement, names: TypeNames): PropertyMetadata[] {
  return childrenOf(type, 'Property')
    .map(elementOf)
    .flatMap((property) => {
      const name = attributeOf(property, 'Name');
      if (name === undefined) return [];
      const {
        type: plain,
        isCollection,
        definition = {},
      } = names.typeOf(attributeOf(property, 'Type') ?? 'Edm.String');
      const facet = (attribute: string): number | undefined =>
        numberOf(property, attribute) ?? numberOf(definition, attribute);
      return {
        name,
        type: plain,
        isCollection,
        nullable: attributeOf(property, 'Nullable') !== 'false',
        maxLength: facet('MaxLength'),
        precision: facet('Precision'),
        scale: facet('Scale'),
      };
    });
}

/** NOTE: `max`, `variable` and `floating` are words, and limit nothing. */
function numberOf(element: XmlElement, attribute: string): number | undefined {
  const text = attributeOf(element, attribute);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
