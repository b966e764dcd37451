import { type Model, type ModelStatic } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { registeredModel } from '../../model/history';
import type { MappedAttribute, Mapping } from '../../mapping';
import { UntranslatableQueryError, type AheadRow, type RejectedRecord } from '../errors';
import { allOf, oneOf, type Bound } from '../query/bound';
import { boundOf } from '../query/bound-of-options';
import { fitted } from '../query/fitted';
import type { Coverage, CoveredLeg } from '../feed/coverage';
import type { DoneRefresh } from '../feed/remember';
import { Arrivals } from '../refresh/arrivals';
import { isPending, placeOf, type RefreshScope } from '../refresh/scope';
import { fetchPages, keyProperty } from '../refresh/fetch';
import type { EarlyAnswer } from './early-answer';
import type { LegacyPage } from './page';
import { pendingPointers, type Pointer } from './pending-pointers';
import type { ConformedInclude } from './sequelize-internals';

/** What one call has learnt from the legacy system so far. */
export interface Knowledge {
  readonly scope: RefreshScope;
  /** By model: the keys of records that came in an answer. */
  readonly seen: Map<string, Set<string>>;
  /** By model: keys of records that are certainly gone although a row is still here. */
  readonly hidden: Map<string, Set<string>>;
  /** By model: keys that a single GET said to be gone. */
  readonly gone: Map<string, Set<string>>;
  readonly rejected: { mapping: Mapping; records: RejectedRecord[] }[];
  readonly ahead: { mapping: Mapping; rows: AheadRow[] }[];
  /** A local answer that is read meanwhile; what agrees with it need not be compared again. */
  readonly early?: EarlyAnswer<unknown> | undefined;
  /** What needs no request, because it is new enough as it is here. */
  readonly coverage?: Coverage | undefined;
  /** What was fetched. */
  readonly refreshes: DoneRefresh[];
}

/** One model's part of a call: the root, or an include. */
export interface Leg {
  readonly mapping: Mapping;
  readonly bound: Bound;
  readonly includes: readonly ConformedInclude[];
  /** Only for the root: the first records are enough. */
  readonly page?: LegacyPage;
  /** Only of the root: its own condition. */
  readonly root?: CoveredLeg['root'];
}

/** The set of a map under a name, made on first use. */
export function setOf(sets: Map<string, Set<string>>, name: string): Set<string> {
  const set = sets.get(name) ?? new Set();
  sets.set(name, set);
  return set;
}

/**
 * Refresh what a leg and the includes below it may need: the leg by its own predicate, then each
 * include, in bulk, by the keys of what it belongs to.
 */
export async function refreshLeg(knowledge: Knowledge, leg: Leg): Promise<void> {
  const here = await knowledge.coverage?.recordsOf(leg);
  const isNarrow = here !== undefined || leg.bound.filter !== 'all';
  const narrowing = isNarrow ? undefined : await narrowed(knowledge, leg);
  const bound = narrowing?.bound ?? leg.bound;
  const fetched =
    here ?? (await refreshBound(knowledge, { ...leg, bound }, leg.includes.length > 0));
  const records = await withPending(knowledge, leg, fetched);
  for (const include of leg.includes) {
    const isFresh = include === narrowing?.by && (include.include ?? []).length === 0;
    if (!isFresh) await refreshInclude(knowledge, leg.mapping, { include, records });
  }
}

/** The records that a bound selects, from the local table where that is new enough. */
async function recordsWithin(
  knowledge: Knowledge,
  mapping: Mapping,
  bound: Bound,
): Promise<readonly Pointer[]> {
  const here = await knowledge.coverage?.recordsOf({ mapping, bound });
  return withPending(
    knowledge,
    { mapping },
    here ?? (await refreshBound(knowledge, { mapping, bound })),
  );
}

async function refreshBound(
  knowledge: Knowledge,
  { mapping, bound, page }: Pick<Leg, 'mapping' | 'bound' | 'page'>,
  keepsPointers = true,
): Promise<readonly Pointer[]> {
  if (bound.filter === 'none') return [];
  const isWhole = bound.filter === 'all' && !page;
  if (isWhole && mapping.definition.onUnbounded === 'refuse') {
    const reason = bound.reasons.join('; ') || 'it has no condition';
    throw new UntranslatableQueryError(reason, { model: mapping.name });
  }
  const filter = typeof bound.filter === 'string' ? undefined : bound.filter;
  const query = { ...(filter && { filter }), ...page };
  const { scope, early } = knowledge;
  const seen = setOf(knowledge.seen, mapping.name);
  const keys: string[] = [];
  const pointers: Pointer[] = [];
  const arrivals = new Arrivals(scope, mapping, early);
  try {
    const { askedAt, gone } = await fetchPages(scope.runtime, mapping, {
      ...query,
      receive: (arrived) => {
        for (const record of arrived.records) {
          keys.push(record.key);
          seen.add(record.key);
          if (keepsPointers) pointers.push(pointerOf(mapping, record));
        }
        return arrivals.receive(arrived);
      },
    });
    for (const key of gone) setOf(knowledge.gone, mapping.name).add(key);
    const applied = await arrivals.end();
    knowledge.rejected.push({ mapping, records: [...applied.rejected] });
    knowledge.ahead.push({ mapping, rows: [...applied.ahead] });
    knowledge.refreshes.push({ mapping, query, askedAt, keys });
    return pointers;
  } finally {
    await arrivals.rest();
  }
}

/**
 * What records of a model are for this transaction: those that it has changed and not sent yet refer to
 * what their rows do, whether the legacy system has found them or not.
 */
async function withPending(
  { scope }: Knowledge,
  { mapping, includes }: Pick<Leg, 'mapping'> & Partial<Leg>,
  records: readonly Pointer[],
): Promise<readonly Pointer[]> {
  if (!scope.pendingKeys.has(mapping) || includes?.length === 0) return records;
  const own = await pendingPointers(scope, mapping);
  return [...records.filter(({ key }) => !isPending(scope, mapping, key)), ...own];
}

function pointerOf({ attributes }: Mapping, { key, values }: LegacyRecord): Pointer {
  const names = attributes.flatMap(({ target, property }) => (target ? [property.name] : []));
  return { key, values: Object.fromEntries(names.map((name) => [name, values[name] ?? null])) };
}

/**
 * When nothing in its own condition bounds a leg, an include that must match may: the records that
 * the include's condition finds say which rows can be in the answer.
 */
async function narrowed(
  knowledge: Knowledge,
  leg: Leg,
): Promise<{ bound: Bound; by: ConformedInclude } | undefined> {
  for (const include of leg.includes) {
    if (!mustMatch(include)) continue;
    const through = await boundThrough(knowledge, leg.mapping, include);
    if (through) return { bound: allOf([leg.bound, through]), by: include };
  }
  return undefined;
}

/** A separate include is a read of its own: it leaves the rows that it belongs to as they are. */
function mustMatch({ required, where, separate, limit }: ConformedInclude): boolean {
  const isSeparate = separate ?? limit !== undefined;
  return !isSeparate && (required ?? where !== undefined);
}

async function boundThrough(
  knowledge: Knowledge,
  mapping: Mapping,
  include: ConformedInclude,
): Promise<Bound | undefined> {
  const { association } = include;
  const target = mappingOf(knowledge, include.model);
  if (!target) return undefined;
  const bound = await boundOf(knowledge.scope.runtime, placeOf(knowledge.scope), {
    mapping: target,
    where: include.where,
  });
  const isBounded = typeof bound.filter !== 'string';
  if (!isBounded) return undefined;
  if (association.associationType === 'BelongsTo') {
    const lookup = mapping.byAttribute.get(association.foreignKey);
    if (!lookup) return undefined;
    const records = await recordsWithin(knowledge, target, bound);
    return oneOf(
      lookup.property,
      records.map(({ key }) => key),
    );
  }
  const lookup = target.byAttribute.get(association.foreignKey);
  if (association.associationType === 'BelongsToMany' || lookup?.target !== mapping)
    return undefined;
  const records = await recordsWithin(knowledge, target, bound);
  return oneOf(keyProperty(mapping), pointedTo(records, lookup));
}

interface IncludeStep {
  readonly include: ConformedInclude;
  /** The records that the include belongs to. */
  readonly records: readonly Pointer[];
}

async function refreshInclude(
  knowledge: Knowledge,
  mapping: Mapping,
  { include, records }: IncludeStep,
): Promise<void> {
  const target = mappingOf(knowledge, include.model);
  if (!target) return;
  const { association } = include;
  const includes = include.include ?? [];
  if (association.associationType === 'BelongsTo') {
    const lookup = mapping.byAttribute.get(association.foreignKey);
    const bound = lookup && oneOf(keyProperty(target), pointedTo(records, lookup));
    return refreshLeg(knowledge, {
      mapping: target,
      includes,
      bound: bound ?? unbound(association.as),
    });
  }
  const links = association.throughModel && mappingOf(knowledge, association.throughModel);
  if (links) {
    const rows = await recordsWithin(
      knowledge,
      links,
      referringTo(links, association.foreignKey, records),
    );
    const lookup = links.byAttribute.get(association.otherKey ?? '');
    const bound = lookup && oneOf(keyProperty(target), pointedTo(rows, lookup));
    return refreshLeg(knowledge, {
      mapping: target,
      includes,
      bound: bound ?? unbound(association.as),
    });
  }
  const own = await boundOf(knowledge.scope.runtime, placeOf(knowledge.scope), {
    mapping: target,
    where: include.where,
  });
  const bound = association.throughModel
    ? own
    : fitted(
        knowledge.scope.runtime.client,
        target,
        allOf([referringTo(target, association.foreignKey, records), own]),
      );
  return refreshLeg(knowledge, { mapping: target, includes, bound });
}

function unbound(as: string): Bound {
  return { filter: 'all', exact: false, reasons: [`the key of ${as} is not mapped`] };
}

/** The records of `mapping` that refer to these. */
function referringTo(mapping: Mapping, attribute: string, records: readonly Pointer[]): Bound {
  const lookup = mapping.byAttribute.get(attribute);
  if (!lookup) return unbound(attribute);
  return oneOf(
    lookup.property,
    records.map((record) => record.key),
  );
}

function pointedTo(records: readonly Pointer[], lookup: MappedAttribute): string[] {
  const keys = new Set<string>();
  for (const record of records) {
    const key = record.values[lookup.property.name];
    if (typeof key === 'string') keys.add(key);
  }
  return [...keys];
}

function mappingOf(knowledge: Knowledge, model: ModelStatic<Model>): Mapping | undefined {
  return knowledge.scope.runtime.registry.get(registeredModel(model).name);
}
