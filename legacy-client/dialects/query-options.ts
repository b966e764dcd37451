import type { LegacyEntity, LegacyProperty } from '../entity';
import type { LegacyLink } from '../link';
import type { LegacyQuery } from '../query';
import { printFilter, type FilterSpelling } from './filter-printing';
import { normalisedGuid } from './guid';
import { UnsendableError } from './problems';

/** Names of query options with their values, not yet encoded; undefined leaves an option out. */
export type QueryOptions = Readonly<Record<string, string | undefined>>;

/**
 * Append query options to a path.
 *
 * @returns `AccountSet?$filter=Name%20eq%20%27O%27%27Brien%27`; encoded so that no URL parser
 *   changes its length again, the harmless `, / : @ $` left readable.
 */
export function withOptions(path: string, options: QueryOptions): string {
  const printed = Object.entries(options)
    .filter((option): option is [string, string] => option[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeOption(value)}`);
  return printed.length === 0 ? path : `${path}?${printed.join('&')}`;
}

function encodeOption(value: string): string {
  return encodeURIComponent(value)
    .replaceAll("'", '%27')
    .replace(/%(?:2C|2F|3A|40|24)/g, decodeURIComponent);
}

/** Names of a record's parts in `$select`, key and stamps first. */
export function selectedColumns(
  entity: LegacyEntity,
  properties: readonly LegacyProperty[],
  column: (property: LegacyProperty) => string,
): string {
  const names = [entity.key, entity.modifiedOn, entity.createdOn, ...properties.map(column)];
  return [...new Set(names.filter((name) => name !== undefined))].join(',');
}

/** `$filter`, `$orderby`, `$top` and `$skip`, as every version writes them. */
export function listOptions(spelling: FilterSpelling, query: LegacyQuery): QueryOptions {
  const order = (query.orderBy ?? []).map(({ property, direction }) =>
    direction === 'desc' ? `${spelling.path(property)} desc` : spelling.path(property),
  );
  return {
    $filter: query.filter === undefined ? undefined : printFilter(spelling, query.filter),
    $orderby: order.length === 0 ? undefined : order.join(','),
    $top: query.top === undefined ? undefined : count('top', query.top),
    $skip: query.skip === undefined || query.skip === 0 ? undefined : count('skip', query.skip),
  };
}

function count(name: string, value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new UnsendableError(`${name} must be a whole number from 0, not ${value}`);
}

/** `Products('c5f2…')`, of a service whose keys are texts. */
export function textKeyPath(entity: Pick<LegacyEntity, 'entitySet'>, key: string): string {
  return `${entity.entitySet}('${sendableKey(entity, key)}')`;
}

/** @throws UnsendableError when the key is no GUID. */
export function sendableKey({ entitySet }: Pick<LegacyEntity, 'entitySet'>, key: string): string {
  const guid = normalisedGuid(key);
  if (guid !== undefined) return guid;
  throw new UnsendableError(`a key of ${entitySet} must be a GUID`);
}

/** @throws UnsendableError when the name would not stay one part of a path. */
export function sendableNavigation({ navigation }: LegacyLink): string {
  if (/^[\w.]+$/.test(navigation)) return navigation;
  throw new UnsendableError('a navigation property has a name of letters, digits and underscores');
}
