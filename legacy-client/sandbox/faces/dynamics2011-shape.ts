import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';

/** A lookup's other end, under the name of the relationship. */
export interface Relationship {
  readonly name: string;
  readonly property: PropertyModel;
}

/** What of a record is asked for. */
export interface Shape {
  /** Undefined for all. */
  readonly select: ReadonlySet<string> | undefined;
  readonly expand: readonly (Relationship & {
    readonly select: ReadonlySet<string> | undefined;
  })[];
}

/**
 * The relationships of an entity: `optevia_sector_account_optevia_Sector`.
 *
 * NOTE: a real CRM names each relationship by itself; the schema here has no such names, so they
 * are made of target, entity and lookup, as the CRM's own defaults are.
 */
export function relationships(model: EntityModel): Relationship[] {
  return model.lookups.map((property) => ({
    name: `${property.target ?? ''}_${model.logicalName}_${property.name}`,
    property,
  }));
}

function list(options: ReadonlyMap<string, string>, name: string): string[] | undefined {
  return options
    .get(name)
    ?.split(',')
    .map((part) => part.trim());
}

function checkSelected(model: EntityModel, names: Iterable<string>): void {
  for (const name of names) {
    if (!model.properties.has(name)) {
      throw new CrmError('badQuery', `Could not find a property named '${name}' to select.`);
    }
  }
}

/**
 * Read `$select` and `$expand`, one level deep: `$select=Name,relationship/optevia_name`.
 *
 * @throws CrmError for unknown names.
 */
export function shapeOf(
  model: EntityModel,
  options: ReadonlyMap<string, string>,
  targetOf: (property: PropertyModel) => EntityModel,
): Shape {
  const known = relationships(model);
  const selected = list(options, '$select');
  const expanded = (list(options, '$expand') ?? []).map((name) => {
    const relationship = known.find((candidate) => candidate.name === name);
    if (relationship === undefined) {
      const names = known.map((candidate) => candidate.name).join(', ');
      throw new CrmError(
        'badQuery',
        `There is no relationship '${name}' to expand, only ${names}.`,
      );
    }
    const inner = selected
      ?.filter((path) => path.startsWith(`${name}/`))
      .map((path) => path.slice(name.length + 1));
    if (inner !== undefined) checkSelected(targetOf(relationship.property), inner);
    return { ...relationship, select: inner?.length ? new Set(inner) : undefined };
  });
  const isExpanded = (path: string): boolean =>
    expanded.some(({ name }) => path === name || path.startsWith(`${name}/`));
  if (selected === undefined) return { select: undefined, expand: expanded };
  const own = selected.filter((path) => !isExpanded(path));
  checkSelected(model, own);
  const wanted = expanded.filter(({ name }) =>
    selected.some((path) => path === name || path.startsWith(`${name}/`)),
  );
  return { select: new Set(own), expand: wanted };
}
