import { CrmError } from '../crm-error';
import type { EntityModel, PropertyModel } from '../entity-model';
import type { Expression } from '../filter/expression';
import { parseFilter, type FilterGrammar } from '../filter/parser';
import type { Cursor, OrderTerm } from '../pager';
import type { Comparable } from '../store/comparable';
import { parseGuid } from '../guid';

/** The inner name by which a property of a complex type is compared. */
const innerNames: Partial<Record<PropertyModel['kind'], string>> = {
  lookup: 'Id',
  optionSet: 'Value',
  money: 'Value',
};

/** Find the property of a path: `Name`, `optevia_Sector/Id`, `Revenue/Value`. */
function resolvePath(model: EntityModel, path: string): PropertyModel | undefined {
  const [name = '', inner, ...more] = path.split('/');
  const property = model.properties.get(name);
  if (property === undefined || more.length > 0) return undefined;
  return innerNames[property.kind] === inner ? property : undefined;
}

function grammar(model: EntityModel): FilterGrammar {
  return {
    literals: 'odata2',
    functions: {
      startswith: { function: 'startsWith' },
      endswith: { function: 'endsWith' },
      substringof: { function: 'contains', textFirst: true },
    },
    wildcards: false,
    resolve: (path) => resolvePath(model, path),
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
    const match = /^\s*([\w/]+)(?:\s+(asc|desc))?\s*$/.exec(term);
    const property = match === null ? undefined : resolvePath(model, match[1] ?? '');
    if (property === undefined) {
      throw new CrmError('badQuery', `There is no property to order by in '${term.trim()}'.`);
    }
    return { property, descending: match?.[2] === 'desc' };
  });
}

const quoted = (text: string): string => `'${encodeURIComponent(text).replaceAll("'", '%27')}'`;

/**
 * Write where a page ended as the service does: page number, then for each criterion its name,
 * last and first value, the key in braces: `1,'accountid','%7B…%7D','%7B…%7D'`.
 *
 * NOTE: what stands between the quotes is encoded once more inside the token. A client must send
 * the address of the next page back as it came.
 */
export function writeSkipToken(
  model: EntityModel,
  page: number,
  span: { readonly order: readonly OrderTerm[]; readonly first: Cursor; readonly last: Cursor },
): string {
  const { order, first, last } = span;
  const criteria = order.map(({ property }, at) => [
    property.logicalName,
    JSON.stringify(last.values[at] ?? null),
    JSON.stringify(first.values[at] ?? null),
  ]);
  const key = [
    model.key.logicalName,
    `{${last.key}}`.toUpperCase(),
    `{${first.key}}`.toUpperCase(),
  ];
  return [String(page), ...[...criteria, key].flat().map(quoted)].join(',');
}

/** @throws CrmError when the token is not one of this query's. */
export function readSkipToken(
  token: string,
  order: readonly OrderTerm[],
): { readonly page: number; readonly after: Cursor } {
  const [page = '', ...parts] = token.split(',');
  const texts = parts.map((part) => decodeURIComponent(part.slice(1, -1)));
  const keyAt = order.length * 3;
  const key = parseGuid(texts[keyAt + 1] ?? '');
  if (key === undefined || texts.length !== keyAt + 3 || !/^\d+$/.test(page)) {
    throw new CrmError('badQuery', 'The $skiptoken does not belong to this query.');
  }
  const values = order.map((_term, at) => JSON.parse(texts[at * 3 + 1] ?? 'null') as Comparable);
  return { page: Number(page), after: { values, key } };
}
