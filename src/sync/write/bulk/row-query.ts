import { Op, Utils, type Model, type ModelStatic, type Order, type WhereOptions } from 'sequelize';

/** Which rows a bulk call concerns, as Sequelize would find them. */
export interface RowQuery {
  /** The class that was called: perhaps derived by `scope()`. */
  readonly model: ModelStatic<Model>;
  readonly where: WhereOptions | undefined;
  readonly limit?: number | null;
  readonly order?: Order;
  /** Leave soft-deleted rows out. */
  readonly paranoid: boolean;
  /** Merge the class's scope in, as all bulk calls but `restore` do. */
  readonly isScoped: boolean;
}

/** The same with the scope merged in, by attribute names. */
export interface EffectiveQuery {
  readonly where: WhereOptions | undefined;
  readonly limit: number | undefined;
  readonly order: Order | undefined;
  /** The primary keys, when the condition is nothing else. */
  readonly ids: readonly unknown[] | undefined;
}

interface Internals {
  _injectScope(options: object): void;
}

/** Merge the scope into a query, on a copy. */
export function effectiveQuery(query: RowQuery): EffectiveQuery {
  const { model, isScoped, order } = query;
  const { cloneDeep } = Utils as unknown as { cloneDeep: <T>(value: T) => T };
  const copy: { where?: WhereOptions; limit?: number | null } = cloneDeep({
    where: query.where,
    limit: query.limit ?? undefined,
  });
  if (isScoped) (model as unknown as Internals)._injectScope(copy);
  const where = byAttributes(model, copy.where);
  const limit = copy.limit ?? undefined;
  const ids = idsIn(model, where);
  const isWhole = ids && (limit === undefined || ids.length <= limit);
  return { where, limit, order, ids: isWhole ? ids : undefined };
}

/** NOTE: `increment` of an instance names the primary key by its column. */
function byAttributes(
  model: ModelStatic<Model>,
  where: WhereOptions | undefined,
): WhereOptions | undefined {
  const key = model.primaryKeyAttribute;
  const column = model.getAttributes()[key]?.field ?? key;
  if (where === undefined || column === key || !isPlain(where) || !(column in where)) return where;
  const { [column]: id, ...others } = where as Record<PropertyKey, unknown>;
  return { ...others, [key]: id };
}

function idsIn(model: ModelStatic<Model>, where: unknown): readonly unknown[] | undefined {
  if (!isPlain(where)) return undefined;
  const [key, ...others] = Reflect.ownKeys(where);
  if (key !== model.primaryKeyAttribute || others.length > 0) return undefined;
  return valuesIn(where[key]);
}

function valuesIn(value: unknown): readonly unknown[] | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return [value];
  }
  if (Array.isArray(value)) {
    const values = value.map(valuesIn);
    return values.every((one) => one?.length === 1) ? (value as unknown[]) : undefined;
  }
  if (!isPlain(value)) return undefined;
  const [operator, ...others] = Reflect.ownKeys(value);
  if (others.length > 0 || (operator !== Op.in && operator !== Op.eq)) return undefined;
  return valuesIn(value[operator]);
}

/** Whether a value is an object of operators and names. */
export function isPlain(value: unknown): value is Record<PropertyKey, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** Whether Sequelize takes the condition of a call, its class's scope included, and not none. */
export function hasCondition(model: ModelStatic<Model>, where: unknown): boolean {
  const { _scope: scope } = model as unknown as { _scope?: { where?: unknown } };
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  const condition = where ?? scope?.where;
  return isPlain(condition) || Array.isArray(condition) || condition instanceof SequelizeMethod;
}
