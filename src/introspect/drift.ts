import type {
  Dialect,
  EntityMetadata,
  PropertyKind,
  PropertyMetadata,
  ServiceMetadata,
} from '../../legacy-client';
import type { MappedAttribute, Mapping, Registry } from '../mapping';
import { lookupProperties } from './lookup-properties';

/** One difference between a mapping and the service's metadata. Plain data. */
export interface Drift {
  /** The model's name. */
  readonly model: string;
  /** The legacy property; undefined where the whole entity is meant. */
  readonly property?: string;
  /** `broken`: the mapping cannot work so. `note`: worth a look. */
  readonly severity: 'broken' | 'note';
  /** What differs, in words. */
  readonly what: string;
}

/** Types that a kind of field can read and write, by the last part of their name. */
const typesOf: Readonly<Record<Exclude<PropertyKind, 'lookup'>, readonly string[]>> = {
  string: ['Edm.String'],
  boolean: ['Edm.Boolean'],
  integer: ['Edm.Byte', 'Edm.SByte', 'Edm.Int16', 'Edm.Int32', 'Edm.Int64'],
  optionSet: ['OptionSetValue', 'Edm.Int32', 'Edm.Int16'],
  decimal: ['Edm.Decimal', 'Edm.Double', 'Edm.Single'],
  money: ['Money', 'Edm.Decimal', 'Edm.Double'],
  dateTime: ['Edm.DateTime', 'Edm.DateTimeOffset'],
  dateOnly: ['Edm.Date', 'Edm.DateTime', 'Edm.DateTimeOffset'],
  guid: ['Edm.Guid'],
};

/** What of a dialect says which types fit. */
type SpokenDialect = Pick<Dialect, 'name' | 'guidType'>;

/** Compare all mappings of a connection with what the service says of itself now. */
export function driftOf(
  registry: Registry,
  metadata: ServiceMetadata,
  dialect: SpokenDialect,
): Drift[] {
  const names = metadata.entities.map(({ name }) => name);
  return [...registry.values()].flatMap((mapping) => {
    const entity = metadata.entities.find(
      ({ entitySet }) => entitySet === mapping.entity.entitySet,
    );
    const { name: model } = mapping;
    if (entity) return driftOfEntity(mapping, entity, { dialect, names });
    const what = `the service has no entity set ${mapping.entity.entitySet}`;
    return [{ model, severity: 'broken' as const, what }];
  });
}

interface Surroundings {
  readonly dialect: SpokenDialect;
  readonly names: readonly string[];
}

function driftOfEntity(mapping: Mapping, entity: EntityMetadata, around: Surroundings): Drift[] {
  const { key, modifiedOn, createdOn } = mapping.entity;
  const properties = new Map(entity.properties.map((property) => [property.name, property]));
  const lookups = new Map(
    lookupProperties(entity, around.dialect.name, around.names).map((one) => [one.property, one]),
  );
  const drift = driftOfOwn(mapping, properties, around);
  const broken = (property: string, what: string): void => {
    drift.push({ model: mapping.name, property, severity: 'broken', what });
  };
  for (const mapped of mapping.attributes) {
    const { name } = mapped.property;
    const property = properties.get(lookups.get(name)?.heldBy ?? name);
    if (!property) broken(name, 'it has gone');
    else drift.push(...driftOfProperty(mapping, mapped, { property, around }));
  }
  const mappedNames = new Set(mapping.entity.properties.map(({ name }) => name));
  const heldByMapped = new Set([...mappedNames].map((name) => lookups.get(name)?.heldBy ?? name));
  for (const { name } of entity.properties) {
    if (heldByMapped.has(name) || [key, modifiedOn, createdOn].includes(name)) continue;
    drift.push({ model: mapping.name, property: name, severity: 'note', what: 'it is not mapped' });
  }
  return drift;
}

/** Of the key and the stamps. */
function driftOfOwn(
  { name: model, entity: { key, modifiedOn, createdOn } }: Mapping,
  properties: ReadonlyMap<string, PropertyMetadata>,
  around: Surroundings,
): Drift[] {
  return [key, modifiedOn, createdOn].flatMap((property) => {
    if (property === undefined) return [];
    const kind = property === key ? 'guid' : 'dateTime';
    const what = unfitness(properties.get(property), typesFor(kind, around), kind);
    return what === undefined ? [] : { model, property, severity: 'broken', what };
  });
}

function unfitness(
  property: PropertyMetadata | undefined,
  types: readonly string[],
  kind: PropertyKind,
): string | undefined {
  if (!property) return 'it has gone';
  const { type } = property;
  return types.includes(type) ? undefined : `it is taken for a ${kind}, and is ${type} now`;
}

function driftOfProperty(
  mapping: Mapping,
  { property: { name, kind, type: said }, attribute }: MappedAttribute,
  found: { readonly property: PropertyMetadata; readonly around: Surroundings },
): Drift[] {
  const { type, isCollection, maxLength } = found.property;
  const fits = type === said || typesFor(kind, found.around).includes(type);
  const model = mapping.name;
  if (isCollection || !fits) {
    const is = isCollection ? `a collection of ${type}` : type;
    const what = `it is mapped as ${kind}, and is ${is} now`;
    return [{ model, property: name, severity: 'broken', what }];
  }
  const column = mapping.model.getAttributes()[attribute]?.type as
    { _length?: unknown } | undefined;
  const length = column?._length;
  if (kind === 'string' && typeof length === 'number' && length < (maxLength ?? Infinity)) {
    const what = `it has up to ${maxLength ?? 'any number of'} characters, the column ${length}`;
    return [{ model, property: name, severity: 'note', what }];
  }
  return [];
}

/** NOTE: a service may keep its keys as texts, and so all that points to them. */
function typesFor(kind: PropertyKind, { dialect }: Surroundings): readonly string[] {
  const own = dialect.guidType === undefined ? [] : [dialect.guidType];
  switch (kind) {
    case 'lookup':
      return ['EntityReference', 'Edm.Guid', ...own];
    case 'guid':
      return [...typesOf.guid, ...own];
    default:
      return typesOf[kind];
  }
}
