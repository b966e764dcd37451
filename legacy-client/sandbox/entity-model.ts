import type { PropertyKind } from '../entity';
import { linkEnds, type Linkable, type LinkEnd } from './many-to-many';
import type { SandboxEntity, SandboxProperty, SandboxSchema } from './schema';
import { stateProperties } from './store/states';

/** A property as the store and both faces see it. */
export interface PropertyModel extends SandboxProperty {
  /** As the Dataverse face shows it: the name in lower case. */
  readonly logicalName: string;
  /** For lookups, as the Dataverse face reads them: `_optevia_sector_value`. */
  readonly valueName: string;
  /**
   * For lookups, as the Dataverse face binds and expands them.
   *
   * NOTE: case matters there. A publisher's own columns have the schema name (`optevia_Sector`),
   * the system's are in lower case (`parentaccountid`).
   */
  readonly navigationName: string;
  /** The key and the stamps: clients cannot write them. */
  readonly role: 'key' | 'stamp' | 'data' | 'state';
}

/** A property that points to an entity, seen from that entity. */
export interface Reference {
  readonly from: EntityModel;
  readonly property: PropertyModel;
}

/** An entity with all its properties, key and stamps included. */
export interface EntityModel {
  readonly logicalName: string;
  readonly schemaName: string;
  /** `AccountSet` */
  readonly setName: string;
  /** `accounts` */
  readonly collectionName: string;
  readonly key: PropertyModel;
  /** Records are active or inactive. */
  readonly hasStates: boolean;
  /** The property that the CRM shows as the name of a record in lookups. */
  readonly nameProperty: string | undefined;
  /** By schema name, in the schema's order: the key first, the stamps last. */
  readonly properties: ReadonlyMap<string, PropertyModel>;
  readonly lookups: readonly PropertyModel[];
  /** Properties with keys of other records: lookups, and the ends of an intersect. */
  readonly referring: readonly PropertyModel[];
  /** The two ends, where the records are links of a many-to-many relationship; otherwise none. */
  readonly ends: readonly PropertyModel[];
  readonly manyToMany: readonly LinkEnd[];
  /** By logical name. */
  readonly byLogicalName: ReadonlyMap<string, PropertyModel>;
  /** Every property without a value; every record begins as a copy. */
  readonly emptyRecord: Readonly<Record<string, null>>;
  /** Properties that point here. */
  readonly references: readonly Reference[];
}

/** All entities by logical name. */
export type EntityModels = ReadonlyMap<string, EntityModel>;

function propertyModel(property: SandboxProperty, role: PropertyModel['role']): PropertyModel {
  const logicalName = property.name.toLowerCase();
  return {
    ...property,
    logicalName,
    valueName: `_${logicalName}_value`,
    navigationName: property.name.includes('_') ? property.name : logicalName,
    role,
  };
}

function stamp(name: string): PropertyModel {
  return propertyModel({ name, kind: 'dateTime' satisfies PropertyKind }, 'stamp');
}

/**
 * NOTE: parsed, not built property by property: an object that is filled through computed names
 * becomes a hash table in V8, and so would its copies. Scans then take twice as long.
 */
function emptyRecord(properties: readonly PropertyModel[]): Record<string, null> {
  const record = Object.fromEntries(properties.map(({ name }) => [name, null]));
  return JSON.parse(JSON.stringify(record)) as Record<string, null>;
}

function entityModel(entity: SandboxEntity): Linkable {
  const key = propertyModel({ name: entity.key, kind: 'guid' }, 'key');
  const data = entity.properties.map((property) => propertyModel(property, 'data'));
  const { states: hasStates = false } = entity;
  const state = Object.values(stateProperties).map((name) =>
    propertyModel({ name, kind: 'optionSet' satisfies PropertyKind }, 'state'),
  );
  const stamps = [stamp('CreatedOn'), stamp('ModifiedOn')];
  const all = [key, ...data, ...(hasStates ? state : []), ...stamps];
  const lookups = data.filter(({ kind }) => kind === 'lookup');
  return {
    logicalName: entity.logicalName,
    schemaName: entity.schemaName,
    setName: `${entity.schemaName}Set`,
    collectionName: entity.collectionName,
    key,
    hasStates,
    nameProperty: data.find(({ kind, name }) => kind === 'string' && /name$/i.test(name))?.name,
    properties: new Map(all.map((property) => [property.name, property])),
    lookups,
    referring: lookups,
    ends: [],
    manyToMany: [],
    byLogicalName: new Map(all.map((property) => [property.logicalName, property])),
    emptyRecord: emptyRecord(all),
    references: [],
  };
}

/**
 * Build the models of a schema, lookups and relationships linked both ways.
 *
 * @throws Error when an entity appears twice, or something points to an entity that is not there.
 */
export function entityModels(schema: SandboxSchema): EntityModels {
  const models = new Map<string, Linkable>();
  const add = (model: Linkable): void => {
    if (models.has(model.logicalName)) {
      throw new Error(`The sandbox schema has the entity ${model.logicalName} twice`);
    }
    models.set(model.logicalName, model);
  };
  for (const entity of schema) add(entityModel(entity));
  for (const { logicalName, manyToMany = [] } of schema) {
    for (const relationship of manyToMany) {
      const [from, to] = [models.get(logicalName), models.get(relationship.to)];
      if (from === undefined || to === undefined) {
        throw new Error(
          `The relationship ${relationship.name} points to ${relationship.to}, which the sandbox ` +
            'schema does not have',
        );
      }
      add(linkEnds(relationship, from, to));
    }
  }
  for (const from of models.values()) {
    for (const property of from.referring) {
      const target = models.get(property.target ?? '');
      if (target === undefined) {
        throw new Error(
          `The lookup ${from.logicalName}.${property.name} points to ` +
            `${property.target ?? 'nothing'}, which the sandbox schema does not have`,
        );
      }
      target.references.push({ from, property });
    }
  }
  return models;
}

/** Find an entity by either face's name of its set, or by its logical name. */
export function findEntity(models: EntityModels, name: string): EntityModel | undefined {
  const byLogicalName = models.get(name);
  if (byLogicalName !== undefined) return byLogicalName;
  for (const model of models.values()) {
    if (model.setName === name || model.collectionName === name) return model;
  }
  return undefined;
}
