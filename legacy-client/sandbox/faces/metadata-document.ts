import type { Store } from '../store/store';
import type { EntityModel, PropertyModel } from '../entity-model';
import { type FaceAnswer } from './face';

/** How one face describes the entities of the store. */
export interface MetadataSpelling {
  /** Around the schema: `edmx:Edmx` and its data services. */
  wrap(schema: string): string;
  readonly namespace: string;
  /** Of the schema element. */
  readonly xmlns: string;
  entityName(model: EntityModel): string;
  setName(model: EntityModel): string;
  keyName(model: EntityModel): string;
  /** `<Property …/>` */
  property(property: PropertyModel): string;
  /** What follows the properties of an entity. */
  navigations(model: EntityModel, target: (property: PropertyModel) => EntityModel): string;
  /** What follows the entities. */
  associations(model: EntityModel, target: (property: PropertyModel) => EntityModel): string;
}

/** Answer `GET $metadata`. */
export function answerMetadata(store: Store, spelling: MetadataSpelling): FaceAnswer {
  const models = [...store.models.values()];
  const target = (property: PropertyModel): EntityModel => store.targetOf(property);
  const types = models.map((model) => entityType(model, spelling, target));
  const associations = models.map((model) => spelling.associations(model, target));
  const { namespace } = spelling;
  const sets = models.map((model) =>
    element('EntitySet', {
      Name: spelling.setName(model),
      EntityType: `${namespace}.${spelling.entityName(model)}`,
    }),
  );
  const container = element('EntityContainer', { Name: 'FictionContext' }, sets.join(''));
  const schema = element(
    'Schema',
    { Namespace: namespace, xmlns: spelling.xmlns },
    [...types, ...associations, container].join('\n'),
  );
  return {
    status: 200,
    headers: { 'content-type': 'application/xml;charset=utf-8' },
    text: `<?xml version="1.0" encoding="utf-8"?>\n${spelling.wrap(schema)}`,
  };
}

function entityType(
  model: EntityModel,
  spelling: MetadataSpelling,
  target: (property: PropertyModel) => EntityModel,
): string {
  const key = element('Key', {}, element('PropertyRef', { Name: spelling.keyName(model) }));
  const properties = [...model.properties.values()].map((property) => spelling.property(property));
  return element(
    'EntityType',
    { Name: spelling.entityName(model) },
    [key, ...properties, spelling.navigations(model, target)].join('\n'),
  );
}

/** An XML element; attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = '',
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => ` ${attribute}="${escaped(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
