import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import type { Expression } from '../filter/expression';
import { parseFilter, type FilterGrammar } from '../filter/parser';
import type { Cursor, OrderTerm } from '../pager';
import { shownName } from './dataverse-values';

/** A lookup whose record is wanted with the answer. */
export interface Expansion {
  readonly property: PropertyModel;
  readonly select: ReadonlySet<string> | undefined;
}

/** What of a record is asked for. */
export interface Selection {
  readonly select: ReadonlySet<string> | undefined;
  readonly expand: readonly Expansion[];
}

function byShownName(model: EntityModel, name: string): PropertyModel | undefined {
  return [...model.properties.values()].find((property) => shownName(property) === name);
}

function grammar(model: EntityModel): FilterGrammar {
  return {
    literals: 'odata4',
    functions: {
      startswith: { function: 'startsWith' },
      endswith: { function: 'endsWith' },
      contains: { function: 'contains' },
    },
    wildcards: true,
    inFunction: 'Microsoft.Dynamics.CRM.In',
    // In filters a lookup goes by its logical name too: PropertyName='optevia_sector'.
    resolve: (path) => byShownName(model, path) ?? model.byLogicalName.get(path),
  };
}

/** @throws CrmError (400) for what the face cannot filter by. */
export function filterOf(
  model: EntityModel,
  options: ReadonlyMap<string, string>,
): Expression | undefined {
  const text = options.get('$filter');
  return text === undefined ? undefined : parseFilter(text, grammar(model));
}

/** @throws CrmError (400) for unknown properties. */
export function orderOf(model: EntityModel, options: ReadonlyMap<string, string>): OrderTerm[] {
  const text = options.get('$orderby');
  if (text === undefined) return [];
  return text.split(',').map((term) => {
    const match = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/.exec(term);
    const property = match === null ? undefined : byShownName(model, match[1] ?? '');
    if (property === undefined) {
      throw new CrmError('badQuery', `Could not find a property named '${term.trim()}'.`);
    }
    return { property, descending: match?.[2] === 'desc' };
  });
}

function selectOf(model: EntityModel, text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (byShownName(model, name) === undefined) {
      throw new CrmError('badQuery', `Could not find a property named '${name}' to select.`);
    }
  }
  return new Set(names);
}

/** The parts of `a($select=x,y),b`; commas in parentheses do not separate. */
function expansionTerms(text: string): string[] {
  return (text.match(/(?:\([^)]*\)|[^,(])+/g) ?? []).map((term) => term.trim());
}

/**
 * Read `$select` and `$expand` (`optevia_Sector($select=optevia_name)`), one level deep.
 *
 * @throws CrmError for unknown names and options of an expansion other than `$select`.
 */
export function selectionOf(
  model: EntityModel,
  options: ReadonlyMap<string, string>,
  targetOf: (property: PropertyModel) => EntityModel,
): Selection {
  const expand = expansionTerms(options.get('$expand') ?? '').map((term) => {
    const match = /^(\w+)(?:\(\$select=([^)]*)\))?$/.exec(term);
    const property = model.lookups.find(({ navigationName }) => navigationName === match?.[1]);
    if (property === undefined) {
      throw new CrmError('badQuery', `Could not find a navigation property in '${term}'.`);
    }
    return { property, select: selectOf(targetOf(property), match?.[2]) };
  });
  return { select: selectOf(model, options.get('$select')), expand };
}

/** Write where a page ended; clients must not look inside. */
export function writeSkipToken(after: Cursor): string {
  return Buffer.from(JSON.stringify(after)).toString('base64url');
}

/** @throws CrmError when the token is not one of this query's. */
export function readSkipToken(
  token: string | undefined,
  order: readonly OrderTerm[],
): Cursor | undefined {
  if (token === undefined) return undefined;
  const cursor = parseCursor(Buffer.from(token, 'base64url').toString());
  if (cursor?.values.length !== order.length) {
    throw new CrmError('badQuery', 'The skip token does not belong to this query.');
  }
  return cursor;
}

function parseCursor(text: string): Cursor | undefined {
  try {
    return JSON.parse(text) as Cursor;
  } catch {
    return undefined;
  }
}
