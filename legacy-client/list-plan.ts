import { UnsendableError } from './dialects/problems';
import type { Dialect, DialectRequest, RequestChoices } from './dialects/dialect';
import type { LegacyEntity, LegacyProperty, LegacyRecord } from './entity';
import { simplified } from './filter-facts';
import { presentOnly } from './presence';
import type { LegacyFilter, LegacyQuery } from './query';
import { canMerge, compareRecords } from './record-order';
import { splitFilter } from './split-filter';

/** The requests that a query needs, and how their answers become one. */
export interface ListPlan {
  /** First pages to ask for; none where the answer is empty without asking. */
  readonly requests: readonly DialectRequest[];
  /** Records that the answer may have at most. */
  readonly limit: number;
  /** Brings the records of several requests into the query's order and window; undefined: none needed. */
  readonly merge?: (records: readonly LegacyRecord[]) => LegacyRecord[];
}

/** What a plan depends on, beside the query. */
export interface PlanningParts {
  readonly dialect: Dialect;
  readonly root: string;
  readonly pageSize?: number | undefined;
  /** Characters that a URL may have which goes in a batch; default the dialect's `maxUrlLength`. */
  readonly longestUrl?: number | undefined;
}

/**
 * Plan the requests of a query, each below the dialect's URL limit, or where one in a batch saves a
 * split, below the limit of those.
 *
 * @throws {@link UnsendableError} when no split makes the URLs short enough, or when the answers of
 *   a split could not be brought into the order that is asked for.
 */
export function planList(parts: PlanningParts, entity: LegacyEntity, query: LegacyQuery): ListPlan {
  const limit = query.top ?? Infinity;
  const asked = presentOnly(entity, query.filter);
  const filter = asked === undefined ? 'all' : simplified(asked);
  if (filter === 'none' || limit === 0) return { requests: [], limit };
  const short = { ...parts, longestUrl: undefined };
  for (const one of [short, parts]) {
    const whole = printer(one, entity, query)(filter);
    if (fits(one, whole)) return { requests: [whole], limit };
  }
  const print = printer(parts, entity, windowed(query));
  const requests = splitRequests(parts, filter, { print });
  return { requests: longestFirst(requests), limit, ...merging(query) };
}

/**
 * Plan the requests that count a query's records: their sum is the count.
 *
 * @returns undefined where the service cannot count.
 * @throws {@link UnsendableError} as {@link planList}.
 */
export function planCount(
  parts: PlanningParts,
  entity: LegacyEntity,
  filter?: LegacyFilter,
): readonly DialectRequest[] | undefined {
  const { dialect } = parts;
  if (dialect.count(entity) === undefined) return undefined;
  const asked = presentOnly(entity, filter);
  const left = asked === undefined ? 'all' : simplified(asked);
  if (left === 'none') return [];
  const print = (one: AskedFilter): DialectRequest => {
    const request = dialect.count(entity, one === 'all' ? undefined : one);
    if (request === undefined) throw new UnsendableError('this service cannot count by a filter');
    return request;
  };
  return splitRequests(parts, left, { print, disjoint: true });
}

/**
 * Print a request for one record, without `$select` where that makes the URL too long.
 *
 * @throws {@link UnsendableError} when it is too long even so.
 */
export function withinUrlLimit(
  { dialect, root }: PlanningParts,
  print: (choices: RequestChoices) => DialectRequest,
): DialectRequest {
  const parts = { dialect, root };
  const selecting = print({});
  if (fits(parts, selecting)) return selecting;
  const request = print({ allColumns: true });
  if (fits(parts, request)) return request;
  throw tooLong(parts, request);
}

type AskedFilter = LegacyFilter | 'all';

interface Splitting {
  readonly print: (filter: AskedFilter) => DialectRequest;
  readonly disjoint?: boolean;
}

function splitRequests(
  parts: PlanningParts,
  filter: AskedFilter,
  { print, disjoint = false }: Splitting,
): readonly DialectRequest[] {
  const whole = print(filter);
  if (fits(parts, whole)) return [whole];
  const rules = { fits: (one: LegacyFilter) => fits(parts, print(one)), disjoint };
  const split = filter === 'all' ? undefined : splitFilter(filter, rules);
  if (split === undefined) throw tooLong(parts, whole);
  return split.map(print);
}

/** NOTE: whether the service takes long ones at all must show before anything is given to the caller. */
function longestFirst(requests: readonly DialectRequest[]): readonly DialectRequest[] {
  return requests.toSorted((one, other) => other.path.length - one.path.length);
}

function limitOf({ dialect, longestUrl = dialect.maxUrlLength }: PlanningParts): number {
  return longestUrl;
}

function fits(parts: PlanningParts, { path }: DialectRequest): boolean {
  const { maxComparisons = Infinity } = parts.dialect;
  const length = parts.root.length + 1 + path.length;
  return length <= limitOf(parts) && comparisonsIn(path) <= maxComparisons;
}

/** Those inside of texts count as well: then a split is only finer than it had to be. */
function comparisonsIn(path: string): number {
  return path.match(/%20(?:eq|ne|gt|ge|lt|le)%20/g)?.length ?? 0;
}

function tooLong(parts: PlanningParts, { path }: DialectRequest): UnsendableError {
  const { maxComparisons = Infinity } = parts.dialect;
  const length = parts.root.length + 1 + path.length;
  const limit = limitOf(parts);
  const reason =
    length > limit
      ? `the URL would have ${length} characters, the service takes ${limit}`
      : `the filter would have ${comparisonsIn(path)} comparisons, the service takes ${maxComparisons}`;
  return new UnsendableError(
    `${reason}: narrow the filter (only an 'in' or an 'or', alone or under 'and', ` +
      'can be split into several requests)',
  );
}

/** Prints a list's request; without `$select` where that alone would take half of the URL. */
function printer(
  parts: PlanningParts,
  entity: LegacyEntity,
  query: LegacyQuery,
): (filter: AskedFilter) => DialectRequest {
  const { dialect, root, pageSize } = parts;
  const print = (filter: AskedFilter, allColumns: boolean): DialectRequest => {
    const choices = { allColumns, ...(pageSize === undefined ? {} : { pageSize }) };
    const asked = { ...query, filter: filter === 'all' ? undefined : filter };
    return dialect.list(entity, asked, choices);
  };
  const bareLength = root.length + 1 + print('all', false).path.length;
  const allColumns = bareLength > limitOf(parts) / 2;
  return (filter) => print(filter, allColumns);
}

/** Each part of a split may hold all of the window, so the window is cut after merging. */
function windowed(query: LegacyQuery): LegacyQuery {
  const { skip = 0, top, orderBy = [], select, ...rest } = query;
  return {
    ...rest,
    orderBy,
    ...(top === undefined ? {} : { top: skip + top }),
    ...(select === undefined ? {} : { select: withOrder(select, orderBy) }),
  };
}

function withOrder(
  select: readonly LegacyProperty[],
  orderBy: NonNullable<LegacyQuery['orderBy']>,
): readonly LegacyProperty[] {
  const names = new Set(select.map(({ name }) => name));
  const missing = orderBy.map(({ property }) => property).filter(({ name }) => !names.has(name));
  return [...select, ...missing];
}

function merging({ orderBy = [], skip = 0, top = Infinity }: LegacyQuery): Pick<ListPlan, 'merge'> {
  if (orderBy.length === 0 && skip === 0) return {};
  if (!canMerge(orderBy)) {
    throw new UnsendableError(
      'the filter is too long for one URL, and answers of several cannot be brought into an order ' +
        'by strings, option sets or keys: leave the order out, or ask for fewer values at a time',
    );
  }
  const compare = compareRecords(orderBy);
  return { merge: (records) => records.toSorted(compare).slice(skip, skip + top) };
}
