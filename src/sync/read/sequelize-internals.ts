import {
  Utils,
  type Association,
  type IncludeOptions,
  type Model,
  type ModelStatic,
  type Transaction,
  type WhereOptions,
} from 'sequelize';

/*
 * What the sync layer needs of Sequelize 6 beyond its published types, in one place. Each of these
 * is used by Sequelize's own plug-ins; the version is pinned.
 */

/** An entry of `include` after Sequelize has spelt it out. */
export interface ConformedInclude extends IncludeOptions {
  model: ModelStatic<Model>;
  association: Association & {
    readonly foreignKey: string;
    /** Only many to many. */
    readonly otherKey?: string;
    readonly throughModel?: ModelStatic<Model>;
  };
  as: string;
  include?: ConformedInclude[];
}

/** The options of a read, as far as the sync layer looks at them. */
export interface ReadOptions {
  where?: WhereOptions;
  include?: unknown;
  attributes?: unknown;
  raw?: boolean;
  group?: unknown;
  having?: unknown;
  limit?: unknown;
  offset?: unknown;
  order?: unknown;
  plain?: boolean;
  hooks?: boolean;
  transaction?: Transaction | null;
  [option: string | symbol]: unknown;
}

/** NOTE: a replica may not have what a refresh has just stored. Transactions are on the primary. */
export const onPrimary = { useMaster: true };

interface SequelizeUtils {
  cloneDeep<T>(value: T): T;
}

interface ModelInternals {
  _getIncludedAssociation(target: unknown, as: string): ConformedInclude['association'];
  runHooks(hook: string, options: ReadOptions): Promise<void>;
  _injectScope(options: ReadOptions): void;
  _conformIncludes(options: ReadOptions, self: unknown): void;
  _expandIncludeAll(options: ReadOptions, self: unknown): void;
}

/** What a read really asks for. */
export interface EffectiveOptions {
  readonly where: WhereOptions | undefined;
  readonly includes: readonly ConformedInclude[];
  readonly limit: unknown;
  readonly offset: unknown;
  readonly order: unknown;
  /** False: the limit is applied to the joined rows. */
  readonly subQuery: unknown;
  /** The answer shows whole rows: all attributes, as instances. */
  readonly isWhole: boolean;
}

/**
 * The options of a read with the model's scopes merged in and the includes spelt out, on a copy.
 *
 * @param givesRows - false for aggregates, whose answers never show the rows themselves.
 */
export async function effectiveOptions(
  model: ModelStatic<Model>,
  options: ReadOptions,
  givesRows: boolean,
): Promise<EffectiveOptions> {
  const copy = (Utils as unknown as SequelizeUtils).cloneDeep(options);
  const internals = model as unknown as ModelInternals;
  internals._injectScope(copy);
  // Hooks may add to the condition. They run again with the call itself, on its own options.
  if (givesRows && copy.hooks !== false) await internals.runHooks('beforeFind', copy);
  internals._conformIncludes(copy, model);
  internals._expandIncludeAll(copy, model);
  internals._conformIncludes(copy, model);
  const includes = withAssociations(model, (copy.include ?? []) as ConformedInclude[]);
  const isRaw = copy.raw === true || copy.group !== undefined || copy.attributes !== undefined;
  const isWhole = givesRows && !isRaw && includes.every(isWholeInclude);
  const { where, limit, offset, order, subQuery } = copy;
  return { where, includes, limit, offset, order, subQuery, isWhole };
}

/** NOTE: what `include: { all: true }` is expanded to names model and alias only. */
function withAssociations(
  model: ModelStatic<Model>,
  includes: readonly ConformedInclude[],
): ConformedInclude[] {
  const internals = model as unknown as ModelInternals;
  return includes.map((include) => {
    const given = include as Partial<ConformedInclude>;
    const association =
      given.association ?? internals._getIncludedAssociation(include.model, include.as);
    const nested = include.include && withAssociations(include.model, include.include);
    return { ...include, association, ...(nested && { include: nested }) };
  });
}

function isWholeInclude(include: ConformedInclude): boolean {
  const { attributes, through } = include as { attributes?: unknown; through?: ReadOptions };
  if (attributes !== undefined || through?.attributes !== undefined) return false;
  return (include.include ?? []).every(isWholeInclude);
}
