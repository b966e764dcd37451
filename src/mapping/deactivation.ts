import {
  withAbsent,
  type Dialect,
  type LegacyEntity,
  type LegacyProperty,
  type LegacyValue,
} from '../../legacy-client';
import type { Field } from './field';
import type { DeactivationDefinition, MigratorDefinition } from './migrator';

/** How records of a model are made inactive in place of being deleted, with all names resolved. */
export interface Deactivation {
  readonly property: LegacyProperty;
  /** What the property holds in records that are there. */
  readonly active: NonNullable<LegacyValue>;
  readonly inactive: NonNullable<LegacyValue>;
  /**
   * The status reason, which the service changes with the state: a change of state that is taken
   * back brings the old one back.
   */
  readonly status: LegacyProperty | undefined;
  /** A new record must be given its state: the service does not do so by itself. */
  readonly isSentWithCreate: boolean;
  /** The entity with all its records, those that are not there by their state included. */
  readonly everyRecord: LegacyEntity;
}

interface UsualState {
  readonly state: string;
  readonly status: string;
}

/** Dynamics keeps a state of each record: 0 is active, 1 inactive. */
const usualStates: Readonly<Partial<Record<Dialect['name'], UsualState>>> = {
  dynamics2011: { state: 'StateCode', status: 'StatusCode' },
  dataverse: { state: 'statecode', status: 'statuscode' },
};

/** What a deactivation is made of, before the entity is complete. */
export type StateChange = Omit<Deactivation, 'everyRecord'>;

/**
 * Resolve a migrator's `onDestroy`.
 *
 * @param problems - told what is wrong with it, for people.
 * @returns undefined where destroyed rows' records are deleted.
 */
export function stateChangeOf(
  definition: MigratorDefinition,
  { name: dialect }: Pick<Dialect, 'name'>,
  problems: string[],
): StateChange | undefined {
  const { onDestroy = 'delete' } = definition;
  if (onDestroy === 'delete') return undefined;
  const usual = usualStates[dialect];
  const given = onDestroy === 'deactivate' ? byDefault(usual) : onDestroy.deactivate;
  if (!given) {
    problems.push(
      `onDestroy: 'deactivate' does not say what is inactive, and ${dialect} has no state that ` +
        `every record has. Say onDestroy: { deactivate: { property, active, inactive } }.`,
    );
    return undefined;
  }
  const state = given.property === usual?.state ? usual : undefined;
  problems.push(...problemsOf(definition, given, state));
  return {
    property: propertyOf(definition, given, usual !== undefined),
    active: given.active,
    inactive: given.inactive,
    status: state && optionSet(state.status),
    isSentWithCreate: !state,
  };
}

function problemsOf(
  { link, logicalName }: MigratorDefinition,
  { active, inactive, property }: DeactivationDefinition,
  state: UsualState | undefined,
): string[] {
  const problems: string[] = [];
  if (link) problems.push('A link has no state: it is made and removed. Leave onDestroy out.');
  if (active === inactive) {
    problems.push('onDestroy.deactivate: active and inactive must differ.');
  }
  if (state === usualStates.dynamics2011 && state && logicalName === undefined) {
    problems.push(`${property} is set by a message that names the entity: set logicalName.`);
  }
  return problems;
}

/** With the entity as it is read, and with all its records. */
export function withPresence(
  entity: LegacyEntity,
  change: StateChange,
): { readonly entity: LegacyEntity; readonly deactivation: Deactivation } {
  const { property, active, status } = change;
  const known = new Set(entity.properties.map(({ name }) => name));
  const further = [property, ...(status ? [status] : [])].filter(({ name }) => !known.has(name));
  const present = {
    ...entity,
    properties: [...entity.properties, ...further],
    presence: { property, value: active },
  };
  return { entity: present, deactivation: { ...change, everyRecord: withAbsent(present) } };
}

function byDefault(usual: UsualState | undefined): DeactivationDefinition | undefined {
  return usual && { property: usual.state, active: 0, inactive: 1 };
}

function optionSet(name: string): LegacyProperty {
  return { name, kind: 'optionSet' };
}

/** As a field or the hooks' properties have it; otherwise as its values say. */
function propertyOf(
  { fields, properties = {} }: MigratorDefinition,
  { property: name, active }: DeactivationDefinition,
  hasOptionSets: boolean,
): LegacyProperty {
  const mapped: readonly (Field | undefined)[] = Object.values(fields);
  const field = mapped.find((one) => one?.property === name);
  if (field) return { name, kind: field.kind, type: field.type };
  const given = properties[name];
  if (given !== undefined) return { name, kind: given };
  if (typeof active === 'boolean') return { name, kind: 'boolean' };
  if (typeof active === 'string') return { name, kind: 'string' };
  return { name, kind: hasOptionSets ? 'optionSet' : 'integer' };
}
