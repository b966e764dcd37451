import type {
  DialectName,
  EntityMetadata,
  PropertyMetadata,
  ServiceMetadata,
} from '../../legacy-client';
import { plannedLookup, plannedProperty } from './attribute-plan';
import { lookupProperties } from './lookup-properties';
import {
  attributeNames,
  kebabCase,
  modelNames,
  pascalCase,
  type UniqueNames,
  withoutPrefix,
} from './names';
import type { IntrospectionPlan, LeftOut, ModelPlan } from './plan';

/** What to make models of. */
export interface IntrospectionChoice {
  readonly dialect: DialectName;
  /** Names of entities or entity sets, in any letters; by default all. */
  readonly entities?: readonly string[];
}

/** Entities were asked for that the service does not have. */
export class UnknownEntityError extends Error {
  constructor(names: readonly string[], known: readonly string[]) {
    const shown = known.slice(0, 20).join(', ');
    super(
      `The service has no ${names.join(', ')}. It has ${known.length} entities: ${shown}` +
        (known.length > 20 ? ' …' : ''),
    );
    this.name = 'UnknownEntityError';
  }
}

/**
 * Plan models and mappings for the entities of a service.
 *
 * @throws UnknownEntityError when an entity that was asked for is not there.
 */
export function planModels(
  metadata: ServiceMetadata,
  { dialect, entities }: IntrospectionChoice,
): IntrospectionPlan {
  const chosen = chosenEntities(metadata, entities);
  const leftOut: { entity: string; reason: string }[] = [];
  const models: ModelPlan[] = [];
  const namesOfModels = modelNames();
  for (const entity of chosen) {
    const reason = unfitKey(entity);
    if (reason !== undefined) leftOut.push({ entity: entity.name, reason });
    else models.push(emptyPlan(entity, dialect, namesOfModels));
  }
  const names = metadata.entities.map(({ name }) => name);
  for (const plan of models) fill(plan, models, { dialect, names });
  return { dialect, models, leftOut };
}

function chosenEntities(
  { entities }: ServiceMetadata,
  wanted: readonly string[] | undefined,
): readonly EntityMetadata[] {
  if (wanted === undefined) return entities;
  const unknown: string[] = [];
  const chosen = wanted.flatMap((wish) => {
    const isIt = (name: string): boolean => name.toLowerCase() === wish.toLowerCase();
    const found = entities.find(({ name, entitySet }) => isIt(name) || isIt(entitySet));
    if (!found) unknown.push(wish);
    return found ?? [];
  });
  if (unknown.length > 0)
    throw new UnknownEntityError(
      unknown,
      entities.map(({ name }) => name),
    );
  return [...new Set(chosen)];
}

/** Why an entity's key is none that a mapping can have. */
function unfitKey({ key, properties }: EntityMetadata): string | undefined {
  const [name, ...others] = key;
  if (name === undefined) return 'it has no key';
  if (others.length > 0) return `its key has ${key.length} properties; a mapping needs one GUID`;
  const type = properties.find((property) => property.name === name)?.type;
  return type === 'Edm.Guid' ? undefined : `its key ${name} is ${type ?? 'unknown'}, not Edm.Guid`;
}

const stampsOf: Readonly<Record<DialectName, { modifiedOn?: string; createdOn?: string }>> = {
  dynamics2011: { modifiedOn: 'ModifiedOn', createdOn: 'CreatedOn' },
  dataverse: { modifiedOn: 'modifiedon', createdOn: 'createdon' },
  odata2: {},
  odata4: {},
};

function emptyPlan(entity: EntityMetadata, dialect: DialectName, names: UniqueNames): ModelPlan {
  const model = names.choose(
    pascalCase(withoutPrefix(entity.name, dialect)),
    pascalCase(entity.name),
    pascalCase(`${entity.name}Record`),
  );
  const has = (name: string): boolean => entity.properties.some((one) => one.name === name);
  // The dialect's own stamps need no mention, but their absence does.
  const stamp = (own: string | undefined): null | undefined =>
    own === undefined || has(own) ? undefined : null;
  const { modifiedOn, createdOn } = stampsOf[dialect];
  return {
    entity,
    model,
    file: kebabCase(model),
    key: entity.key[0] ?? '',
    modifiedOn: stamp(modifiedOn),
    createdOn: stamp(createdOn),
    attributes: [],
    leftOut: [],
  };
}

interface Surroundings {
  readonly dialect: DialectName;
  readonly names: readonly string[];
}

function fill(plan: ModelPlan, models: readonly ModelPlan[], around: Surroundings): void {
  const { entity, attributes, leftOut } = plan;
  const names = attributeNames();
  const lookups = lookupProperties(entity, around.dialect, around.names);
  const byHolder = new Map(lookups.map((lookup) => [lookup.heldBy, lookup]));
  for (const property of ownProperties(plan, around.dialect)) {
    const lookup = byHolder.get(property.name);
    const planned = lookup
      ? plannedLookup(lookup, {
          dialect: around.dialect,
          models,
          names,
          nullable: property.nullable,
        })
      : plannedProperty(property, around.dialect, names);
    if (typeof planned === 'string') leftOut.push({ property: property.name, reason: planned });
    else attributes.push(planned);
  }
  leftOut.push(...manyToMany(entity, models));
}

/** NOTE: no `$metadata` says in which intersect entity the links of a relationship are read. */
function manyToMany(entity: EntityMetadata, models: readonly ModelPlan[]): LeftOut[] {
  return entity.manyToMany.flatMap(({ navigation, target }) => {
    const other = models.find((plan) => plan.entity.name === target);
    if (!other) return [];
    const reason = `many-to-many with ${other.model}; a model of its own with \`link\` maps it`;
    return { property: navigation, reason };
  });
}

/** The key and the stamps are not repeated in a mapping. */
function ownProperties({ entity, key }: ModelPlan, dialect: DialectName): PropertyMetadata[] {
  const { modifiedOn, createdOn } = stampsOf[dialect];
  const apart = new Set([key, modifiedOn, createdOn]);
  return entity.properties.filter(({ name }) => !apart.has(name));
}
