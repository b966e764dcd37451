import type { Model, ModelStatic, WhereOptions } from 'sequelize';
import { QueryTypes } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { registeredModel } from '../../model/history';
import type { Mapping } from '../../mapping';
import type { Bound } from '../query/bound';
import { placeOf, type RefreshScope } from '../refresh/scope';
import { choiceOf, localRecords, type RowChoice } from './local-records';
import type { AskedQuery, RefreshedQuery } from './refreshed-queries';

/** An include, as far as it says which models a read needs. */
export interface IncludedModel {
  readonly model: ModelStatic<Model>;
  readonly association: { readonly throughModel?: ModelStatic<Model> };
  readonly include?: readonly IncludedModel[];
}

/** One model's part of a read. */
export interface CoveredLeg {
  readonly mapping: Mapping;
  readonly bound: Bound;
  readonly page?: AskedQuery | undefined;
  /** Left out where the records themselves are wanted, whatever is below. */
  readonly includes?: readonly IncludedModel[];
  /** Only of the root. */
  readonly root?: { readonly where: WhereOptions | undefined };
}

/** What a call notes about rows, by model. */
export interface Marks {
  readonly seen: Map<string, Set<string>>;
  readonly hidden: Map<string, Set<string>>;
}

/** What a {@link Coverage} is made for. */
export interface CoverageNeed extends Marks {
  readonly scope: RefreshScope;
  /** Rows must be at least as new as this; undefined: as the call itself. */
  readonly since: Date | undefined;
}

/** Which parts of one call need no request, because their rows are new enough as they are here. */
export class Coverage {
  /** Models of which every row here is new enough. */
  readonly vouched = new Set<string>();
  /** Something was answered without a request of its own. */
  isUsed = false;
  readonly #wholes = new Map<Mapping, Promise<boolean>>();

  private constructor(private readonly need: CoverageNeed) {}

  /**
   * The coverage of a call; undefined where every row must be asked for.
   *
   * NOTE: so it is in a transaction that has written, since the rows of its own writes are kept from
   * feeds and from other calls; and above READ COMMITTED, which does not see what those store.
   */
  static of(
    need: CoverageNeed,
    mapping: Mapping,
    includes: readonly IncludedModel[],
  ): Coverage | undefined {
    const { scope, since } = need;
    if (scope.transaction || scope.ownKeys.size > 0) return undefined;
    const { feeds } = scope.runtime;
    const followed = [mapping, ...mappingsOf(scope, includes)].some((one) => feeds.isExact(one));
    return since || followed ? new Coverage(need) : undefined;
  }

  /**
   * The records that a leg would fetch, from the local table, when the rows here are new enough;
   * none where nothing below needs them. Undefined: they must be asked for.
   */
  async recordsOf(leg: CoveredLeg): Promise<readonly LegacyRecord[] | undefined> {
    const { mapping, bound, page } = leg;
    if (bound.filter === 'none') return undefined;
    const isWhole = await this.isWhole(mapping, bound.filter === 'all' && !page);
    const refreshed = isWhole ? undefined : this.#refreshed(leg);
    if (!isWhole && !refreshed) return undefined;
    const records = await this.#recordsFor(leg, refreshed);
    if (!records) return undefined;
    this.isUsed = true;
    for (const key of refreshed?.keys ?? []) marked(this.need.seen, mapping.name).add(key);
    return records;
  }

  /** Whether every row of a model is new enough, or can be made so by its feed. */
  isWhole(mapping: Mapping, isUnbounded: boolean): Promise<boolean> {
    const known = this.#wholes.get(mapping) ?? this.#makeWhole(mapping, isUnbounded);
    this.#wholes.set(mapping, known);
    return known;
  }

  /** Of these keys, those whose rows are new enough by themselves: written or stored since. */
  async freshKeys(mapping: Mapping, keys: readonly string[]): Promise<Set<string>> {
    const { scope, since } = this.need;
    if (!since || keys.length === 0) return new Set();
    const { sequelize, transaction } = placeOf(scope);
    const rows = await sequelize.query<{ key: string }>(
      `SELECT legacy_id AS key FROM dual_write_known
        WHERE model = $1 AND legacy_id = ANY ($2::uuid[]) AND asked_at >= $3 AND NOT gone`,
      { bind: [mapping.name, keys, since], type: QueryTypes.SELECT, transaction },
    );
    return new Set(rows.map(({ key }) => key));
  }

  async #makeWhole(mapping: Mapping, isUnbounded: boolean): Promise<boolean> {
    const { scope, since, hidden } = this.need;
    const whole = await scope.runtime.feeds.wholeOf(mapping, { since, isUnbounded });
    if (!whole) return false;
    this.vouched.add(mapping.name);
    for (const key of whole.kept) marked(hidden, mapping.name).add(key);
    return true;
  }

  #refreshed({ mapping, bound, page }: CoveredLeg): RefreshedQuery | undefined {
    const { scope, since } = this.need;
    if (!since) return undefined;
    const filter = typeof bound.filter === 'string' ? undefined : bound.filter;
    const query = { ...(filter && { filter }), ...page };
    return scope.runtime.feeds.refreshed.find(mapping.name, query, since);
  }

  async #recordsFor(
    leg: CoveredLeg,
    refreshed: RefreshedQuery | undefined,
  ): Promise<readonly LegacyRecord[] | undefined> {
    const { scope } = this.need;
    if (leg.includes && (await this.#areWhole(leg.includes))) return [];
    // What the caller's transaction has changed locally is invisible on another connection.
    if (scope.caller) return undefined;
    const choice = rowChoice(leg, refreshed);
    if (!choice) return undefined;
    try {
      return await localRecords(scope.runtime, leg.mapping, choice);
    } catch {
      // A condition that speaks of other tables can only be decided with them: ask as usual.
      return undefined;
    }
  }

  async #areWhole(includes: readonly IncludedModel[]): Promise<boolean> {
    for (const mapping of mappingsOf(this.need.scope, includes)) {
      if (!(await this.isWhole(mapping, false))) return false;
    }
    return true;
  }
}

function mappingsOf(
  scope: Pick<RefreshScope, 'runtime'>,
  includes: readonly IncludedModel[],
): Mapping[] {
  return includes.flatMap(({ model, association: { throughModel }, include = [] }) => {
    const models = throughModel ? [throughModel, model] : [model];
    const own = models.flatMap(
      (one) => scope.runtime.registry.get(registeredModel(one).name) ?? [],
    );
    return [...own, ...mappingsOf(scope, include)];
  });
}

function rowChoice(
  { mapping, bound, root }: CoveredLeg,
  refreshed: RefreshedQuery | undefined,
): RowChoice | undefined {
  const isNarrow = refreshed?.query.filter !== undefined || refreshed?.query.top !== undefined;
  if (refreshed && isNarrow) return { keys: refreshed.keys };
  if (root) return { where: root.where ?? {} };
  return typeof bound.filter === 'string' ? undefined : choiceOf(mapping, bound.filter);
}

function marked(sets: Map<string, Set<string>>, name: string): Set<string> {
  const set = sets.get(name) ?? new Set<string>();
  sets.set(name, set);
  return set;
}
