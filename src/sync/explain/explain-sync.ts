import type { Model, ModelStatic } from 'sequelize';
import type { Mapping } from '../../mapping';
import { allOf, oneOf, undecided, type Bound } from '../query/bound';
import { registeredModel } from '../../model/history';
import { reasonToCountHere } from '../read/legacy-count';
import { pageOrReason, type LegacyPage } from '../read/page';
import {
  effectiveOptions,
  type ConformedInclude,
  type EffectiveOptions,
  type ReadOptions,
} from '../read/sequelize-internals';
import { keyProperty } from '../refresh/fetch';
import type { Synced } from '../runtime';
import { conditionsIn } from './conditions';
import { inWords, type ExplainedLeg, type SyncExplanation } from './explanation';

/** Stands in a URL for keys that are not known before the records that have them. */
const anyKey = '00000000-0000-0000-0000-000000000000';

/**
 * Say what a read would ask the legacy system, and what would be decided here. Nothing is sent to it;
 * local keys in the condition are looked up.
 *
 * @param options - as for `findAll`.
 */
export async function explainRead(
  synced: Synced,
  model: ModelStatic<Model>,
  options: ReadOptions,
): Promise<SyncExplanation> {
  const { runtime, mapping } = synced;
  const effective = await effectiveOptions(model, options, true);
  const conditions = conditionsIn(synced, effective.where);
  const bound = await conditions.bound;
  const page = pageOrReason(synced, bound, effective);
  const root: ExplainedLeg = {
    ...describedLeg({ runtime, mapping }, bound, typeof page === 'string' ? undefined : page),
    conditions: conditions.noted,
    includes: await explainedIncludes(synced, effective.includes),
  };
  const plain = {
    dialect: runtime.client.dialect.name,
    root: { ...root, notes: [...root.notes, ...narrowingNotes(bound, effective.includes)] },
    limit: limitOf(page),
    count: countOf({ synced, model, options }, { bound, effective }),
    freshness: (options as { freshness?: unknown }).freshness ?? runtime.freshness,
  };
  // Not enumerable, so that the explanation is plain data for whoever prints or compares it.
  return Object.defineProperty(plain, 'toString', { value: () => inWords(plain) });
}

function limitOf(page: LegacyPage | string): SyncExplanation['limit'] {
  if (typeof page === 'string') return { pushed: false, reason: page };
  const order = page.orderBy.map(({ property, direction }) => `${property.name} ${direction}`);
  return { pushed: true, reason: `the first ${page.top} by ${order.join(', ') || 'no order'}` };
}

interface ExplainedRead {
  readonly synced: Synced;
  readonly model: ModelStatic<Model>;
  readonly options: ReadOptions;
}

function countOf(
  { synced, model, options }: ExplainedRead,
  { bound, effective }: { readonly bound: Bound; readonly effective: EffectiveOptions },
): SyncExplanation['count'] {
  const reason = reasonToCountHere({
    read: {
      ...{ synced, model, options, givesRows: false, counts: true },
      run: () => Promise.resolve(),
    },
    ...{ effective, bound },
    transaction: options.transaction ?? undefined,
  });
  if (reason !== undefined) return { pushed: false, reason };
  return { pushed: true, reason: 'unless rows here are ahead or records rejected' };
}

function narrowingNotes(bound: Bound, includes: readonly ConformedInclude[]): string[] {
  const required = includes.find((include) => include.required ?? include.where !== undefined);
  if (bound.filter !== 'all' || !required) return [];
  return [`bounded by ${required.as} where that has a condition that can be sent`];
}

type Described = Omit<ExplainedLeg, 'conditions' | 'includes'>;

function describedLeg(
  { runtime, mapping }: Pick<Synced, 'runtime' | 'mapping'>,
  bound: Bound,
  page?: LegacyPage,
): Described {
  const { filter, exact, reasons } = bound;
  const leg = { model: mapping.name, exact };
  if (filter === 'none') return { ...leg, requests: [], notes: ['nothing can match'] };
  const query = { ...(filter !== 'all' && { filter }), ...page };
  const requests = runtime.client.listRequests(mapping.entity, query);
  const isWhole = filter === 'all' && !page;
  const refused = mapping.definition.onUnbounded === 'refuse';
  const whole = refused
    ? 'nothing bounds it, so it is refused'
    : 'nothing bounds it: the whole entity is fetched, unless a feed or an include bounds it';
  const notes = [...presenceNotes(mapping), ...(isWhole ? [whole] : []), ...reasons];
  return { ...leg, requests, notes };
}

function presenceNotes({ entity: { presence } }: Mapping): string[] {
  if (!presence) return [];
  const { property, value } = presence;
  return [`only records count as there whose ${property.name} is ${String(value)}`];
}

async function explainedIncludes(
  synced: Synced,
  includes: readonly ConformedInclude[],
): Promise<ExplainedLeg[]> {
  const legs: ExplainedLeg[] = [];
  for (const include of includes) legs.push(...(await explainedInclude(synced, include)));
  return legs;
}

async function explainedInclude(
  synced: Synced,
  include: ConformedInclude,
): Promise<ExplainedLeg[]> {
  const { runtime } = synced;
  const mappingOf = (model: ModelStatic<Model>): Mapping | undefined =>
    runtime.registry.get(registeredModel(model).name);
  const { association, as } = include;
  const mapping = mappingOf(include.model);
  if (!mapping) {
    const notes = ['this model is kept here only'];
    const model = registeredModel(include.model).name;
    return [{ ...{ model, as, requests: [], exact: true, conditions: [], notes, includes: [] } }];
  }
  const own = { runtime, mapping };
  const conditions = conditionsIn(own, include.where);
  const bound = await conditions.bound;
  const links = association.throughModel && mappingOf(association.throughModel);
  const inner = await explainedIncludes(own, include.include ?? []);
  const leg = (described: Described): ExplainedLeg => ({
    ...{ ...described, as, conditions: conditions.noted, includes: inner },
  });
  if (association.associationType === 'BelongsTo' || links) {
    const target = leg(describedLeg(own, oneOf(keyProperty(mapping), [anyKey])));
    if (!links) return [target];
    const through = describedLeg(
      { runtime, mapping: links },
      byLookup(links, association.foreignKey),
    );
    return [{ ...through, as: `${as}, links`, conditions: [], includes: [] }, target];
  }
  if (association.throughModel) return [leg(describedLeg(own, bound))];
  return [leg(describedLeg(own, allOf([byLookup(mapping, association.foreignKey), bound])))];
}

function byLookup(mapping: Mapping, attribute: string): Bound {
  const lookup = mapping.byAttribute.get(attribute);
  return lookup ? oneOf(lookup.property, [anyKey]) : undecided(`${attribute} is not mapped`);
}
