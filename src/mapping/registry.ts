import type { Model, ModelStatic } from 'sequelize';
import type {
  Dialect,
  LegacyEntity,
  LegacyLink,
  LegacyProperty,
  LegacyValue,
} from '../../legacy-client';
import { MappingError } from './errors';
import { stateChangeOf, withPresence, type Deactivation } from './deactivation';
import type { Field } from './field';
import { problemsOfLink } from './link';
import type { Migrator, MigratorDefinition } from './migrator';

/** One mapped attribute, with everything resolved. */
export interface MappedAttribute {
  /** `sectorId` */
  readonly attribute: string;
  /** The column: `sector_id`. */
  readonly column: string;
  readonly property: LegacyProperty;
  /** What a legacy filter can say of the attribute. */
  readonly comparable: Field['comparable'];
  /** Whether the property may be sent. */
  readonly sent: boolean;
  /** Only for lookups: the mapping of the model that is pointed to. */
  readonly target: Mapping | undefined;
  /** From the local value to the wire's neutral form. */
  toLegacy(value: unknown): LegacyValue;
  /** From the wire's neutral form to the local value. */
  fromLegacy(value: LegacyValue): unknown;
}

/** A native many-to-many relationship, with all names resolved. */
export interface MappedLink {
  readonly from: MappedAttribute;
  readonly to: MappedAttribute;
  /** As the client names it. */
  readonly relationship: LegacyLink;
}

/** A model's mapping as the sync layer uses it. */
export interface Mapping {
  readonly model: ModelStatic<Model>;
  /** The model's name: `Organisation`. */
  readonly name: string;
  readonly definition: MigratorDefinition;
  readonly entity: LegacyEntity;
  readonly attributes: readonly MappedAttribute[];
  readonly byAttribute: ReadonlyMap<string, MappedAttribute>;
  /** Only where the rows are native links between two records. */
  readonly link: MappedLink | undefined;
  /** Only where records of destroyed rows are made inactive instead of deleted. */
  readonly deactivation: Deactivation | undefined;
}

/** All mappings of one connection, by model name. */
export type Registry = ReadonlyMap<string, Mapping>;

/** A model's entity, with the records that count as not there. */
export function everyRecordOf({ entity, deactivation }: Mapping): LegacyEntity {
  return deactivation?.everyRecord ?? entity;
}

type Draft = { -readonly [K in keyof Mapping]: Mapping[K] };

/**
 * Resolve the names in migrators: attributes to columns, lookups to other mappings.
 *
 * @throws MappingError naming every problem of the first model that has any.
 */
export function buildRegistry(migrators: readonly Migrator[], dialect: Dialect): Registry {
  const drafts = new Map<string, Draft>();
  for (const migrator of migrators) {
    const draft = draftOf(migrator, dialect);
    if (drafts.has(draft.name)) throw new MappingError(draft.name, ['It is mapped twice.']);
    drafts.set(draft.name, draft);
  }
  for (const draft of drafts.values()) complete(draft, drafts, dialect);
  return drafts;
}

function draftOf({ model, definition }: Migrator, dialect: Dialect): Draft {
  if (!('rawAttributes' in model) || !model.sequelize) {
    throw new MappingError(model.name, ['Initialise the model before connecting.']);
  }
  if (model.primaryKeyAttributes.length !== 1) {
    throw new MappingError(model.name, [
      'It needs a primary key of one column, by which its rows are found. Declare one, in a model ' +
        'between two others, too: id: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: ' +
        'true }. A unique index keeps the two foreign keys apart.',
    ]);
  }
  return {
    model,
    name: model.name,
    definition,
    entity: {
      entitySet: definition.entitySet,
      key: definition.key,
      logicalName: definition.logicalName,
      modifiedOn: stamp(definition, 'modifiedOn', dialect),
      createdOn: stamp(definition, 'createdOn', dialect),
      properties: [],
    },
    attributes: [],
    byAttribute: new Map(),
    link: undefined,
    deactivation: undefined,
  };
}

function stamp(
  definition: MigratorDefinition,
  name: 'modifiedOn' | 'createdOn',
  dialect: Dialect,
): string | undefined {
  // Dynamics keeps no stamps of links.
  const usual = definition.link ? undefined : dialect[name];
  return definition[name] === null ? undefined : (definition[name] ?? usual);
}

function followingProblems({ definition, entity }: Draft, { name, changes }: Dialect): string[] {
  const { follow } = definition;
  if (follow === undefined || follow === false) return [];
  const problems: string[] = [];
  if (changes === 'none') {
    problems.push(
      `It cannot be followed: ${name} has no feed of changes. Where this service has one, say ` +
        `createLegacyClient({ capabilities: { changes: 'delta' } }) or 'stamp'.`,
    );
  }
  if (changes === 'stamp' && entity.modifiedOn === undefined) {
    problems.push('It cannot be followed without a stamp of the last change: set modifiedOn.');
  }
  for (const [option, ms] of Object.entries(follow === true ? {} : follow)) {
    if (typeof ms === 'number' && ms >= 0) continue;
    problems.push(`follow.${option} must be a number of milliseconds from 0.`);
  }
  return problems;
}

function complete(draft: Draft, all: ReadonlyMap<string, Draft>, dialect: Dialect): void {
  const problems: string[] = [];
  const attributes: MappedAttribute[] = [];
  const stateChange = stateChangeOf(draft.definition, dialect, problems);
  for (const [attribute, field] of Object.entries(draft.definition.fields)) {
    if (!field) continue;
    const mapped = mapAttribute(draft, { attribute, field, all }, problems);
    if (!mapped) continue;
    // Rows are destroyed and restored: no update changes the state.
    const isState = mapped.property.name === stateChange?.property.name;
    attributes.push(isState ? { ...mapped, sent: false } : mapped);
  }
  problems.push(...followingProblems(draft, dialect), ...problemsOfLink(draft.definition));
  if (problems.length > 0) throw new MappingError(draft.name, problems);
  const extra = Object.entries(draft.definition.properties ?? {}).map(([name, kind]) => ({
    name,
    kind,
  }));
  draft.entity = {
    ...draft.entity,
    properties: [...attributes.map((mapped) => mapped.property), ...extra],
  };
  if (stateChange) Object.assign(draft, withPresence(draft.entity, stateChange));
  draft.attributes = attributes;
  draft.byAttribute = new Map(attributes.map((mapped) => [mapped.attribute, mapped]));
  draft.link = mappedLink(draft);
}

function mappedLink({ definition: { link }, byAttribute }: Draft): MappedLink | undefined {
  if (!link) return undefined;
  const from = byAttribute.get(link.from);
  const to = byAttribute.get(link.to);
  if (!from?.property.target || !to?.property.target) return undefined;
  const ends = { from: from.property.target, to: to.property.target };
  return { from, to, relationship: { ...ends, navigation: link.navigation } };
}

function mapAttribute(
  draft: Draft,
  source: { attribute: string; field: Field; all: ReadonlyMap<string, Draft> },
  problems: string[],
): MappedAttribute | undefined {
  const { attribute, field, all } = source;
  const definition = draft.model.getAttributes()[attribute];
  if (!definition) {
    problems.push(`The model has no attribute ${attribute}.`);
    return undefined;
  }
  const target = field.model === undefined ? undefined : all.get(field.model);
  if (field.model !== undefined && !target) {
    problems.push(`${attribute} looks up ${field.model}, which no migrator maps.`);
    return undefined;
  }
  const whenNull = field.kind === 'string' && definition.allowNull === false ? '' : null;
  return {
    attribute,
    column: definition.field ?? attribute,
    property: {
      name: field.property,
      // NOTE: the entity of links has plain GUIDs where others have lookups, in every dialect.
      kind: draft.definition.link && target ? 'guid' : field.kind,
      type: field.type,
      target: target && lookupTarget(target),
    },
    comparable: field.comparable,
    sent: !(draft.definition.neverSend ?? []).includes(field.property),
    target,
    toLegacy: (value) => (value === null || value === undefined ? null : field.toLegacy(value)),
    fromLegacy: (value) => (value === null ? whenNull : field.fromLegacy(value)),
  };
}

function lookupTarget(target: Draft): LegacyProperty['target'] {
  return { entitySet: target.entity.entitySet, logicalName: target.entity.logicalName };
}
