import { compareValues } from './compare';
import { parseFilter } from './filter';
import { badRequest, type EntitySetType, type Row } from './schema';
import type { Stored } from './store';
import type { Variation } from './variation';

const OPTIONS = ['$filter', '$orderby', '$top', '$skip', '$select', '$skiptoken', '$format'];
const COUNT_OPTION = { 2: '$inlinecount', 4: '$count' } as const;

/** A page of an answer. */
export interface Page {
  readonly records: readonly Stored[];
  readonly select: readonly string[] | undefined;
  /** Of all pages, where the client asks for it. */
  readonly count: number | undefined;
  /** Continues after this page. */
  readonly token: string | undefined;
}

/** Answer a query. @throws ServiceRefusal for anything that the standard does not allow. */
export function answerQuery(
  { version, variation }: { version: 2 | 4; variation: Variation },
  set: EntitySetType,
  records: readonly Stored[],
  asked: URLSearchParams,
): Page {
  const token = asked.get('$skiptoken');
  if (token !== null && [...asked.keys()].length > 1) throw badRequest('A token stands alone');
  const state = token === null ? { query: asked, from: 0 } : readToken(token);
  const { query, from } = state;
  checkOptions(version, query);
  const filter = query.get('$filter');
  const rules = { version, ...variation };
  const matches = filter === null ? () => true : parseFilter(rules, set, filter);
  const found = records.filter(({ row }) => matches(row));
  sort(set, found, { order: query.get('$orderby'), nullsLast: variation.nullsLast === true });
  const skip = whole(query, '$skip') ?? 0;
  const wanted = found.slice(skip, skip + (whole(query, '$top') ?? Infinity));
  const page = wanted.slice(from, from + (variation.pageSize ?? Infinity));
  const end = from + page.length;
  return {
    records: page,
    select: selected(set, query.get('$select')),
    count: countAsked(version, query) ? found.length : undefined,
    token: end < wanted.length ? writeToken(query, end) : undefined,
  };
}

/** How many records a filter matches. */
export function countMatches(
  { version, variation }: { version: 2 | 4; variation: Variation },
  set: EntitySetType,
  records: readonly Stored[],
  asked: URLSearchParams,
): number {
  const filter = asked.get('$filter');
  if (filter === null) return records.length;
  const matches = parseFilter({ version, ...variation }, set, filter);
  return records.filter(({ row }) => matches(row)).length;
}

/** The properties that `$select` names; undefined for all. */
export function selected(set: EntitySetType, text: string | null): readonly string[] | undefined {
  if (text === null || text === '*') return undefined;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) checkProperty(set, name);
  return names;
}

function checkOptions(version: 2 | 4, query: URLSearchParams): void {
  for (const name of query.keys()) {
    const isKnown = OPTIONS.includes(name) || name === COUNT_OPTION[version];
    if (name.startsWith('$') && !isKnown) throw badRequest(`There is no option ${name}`);
    if (query.getAll(name).length > 1) throw badRequest(`${name} is given twice`);
  }
}

function countAsked(version: 2 | 4, query: URLSearchParams): boolean {
  return version === 2 ? query.get('$inlinecount') === 'allpages' : query.get('$count') === 'true';
}

function checkProperty(set: EntitySetType, name: string): void {
  if (name !== set.key && set.properties[name] === undefined) {
    throw badRequest(`${set.name} has no property ${name}`);
  }
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`${name} must be a whole number`);
  return Number(text);
}

function sort(
  set: EntitySetType,
  records: Stored[],
  { order, nullsLast }: { order: string | null; nullsLast: boolean },
): void {
  if (order === null) return;
  const keys = order.split(',').map((part) => {
    const [name = '', direction = 'asc', ...rest] = part.trim().split(/\s+/);
    checkProperty(set, name);
    if (rest.length > 0 || !['asc', 'desc'].includes(direction)) throw badRequest('$orderby');
    return { name, sign: direction === 'asc' ? 1 : -1 };
  });
  records.sort((one, other) => {
    for (const { name, sign } of keys) {
      const compared = compareForOrder(one.row, other.row, { name, nullsLast, sign });
      if (compared !== 0) return compared;
    }
    return 0;
  });
}

function compareForOrder(
  one: Row,
  other: Row,
  { name, nullsLast, sign }: { name: string; nullsLast: boolean; sign: number },
): number {
  const [left, right] = [one[name] ?? null, other[name] ?? null];
  if (left === null || right === null) {
    const nullness = Number(left !== null) - Number(right !== null);
    return nullsLast ? -nullness : nullness * sign;
  }
  return compareValues(left, right) * sign;
}

/** Opaque: whoever looks into it relies on something that the next version may change. */
function writeToken(query: URLSearchParams, from: number): string {
  return Buffer.from(JSON.stringify([query.toString(), from])).toString('base64');
}

function readToken(token: string): { query: URLSearchParams; from: number } {
  try {
    const text = Buffer.from(token, 'base64').toString('utf8');
    const [query, from] = JSON.parse(text) as [string, number];
    return { query: new URLSearchParams(query), from };
  } catch {
    throw badRequest('The token is none of ours');
  }
}
