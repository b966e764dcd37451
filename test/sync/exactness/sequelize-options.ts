import { col, fn, Op, Utils, where, type FindOptions, type WhereOptions } from 'sequelize';
import {
  conditionColumn,
  type Condition,
  type Leaf,
  type Operand,
  type Test,
} from './oracle/conditions';
import { associationOf, sqlName, type ModelName } from './oracle/facts';
import type { IncludeQuery, RowQuery, SortKey } from './oracle/queries';
import type { Cell } from './oracle/rows';

/** A local key: a number or a UUID, as the model has it. */
export type LocalId = string | number;

/** The keys that the application would use for the records of a sequence. */
export interface KnownIds {
  /** The local key of the n-th record; one that no row has where it is not here. */
  localId(name: ModelName, ref: number): LocalId;
  legacyId(name: ModelName, ref: number): string;
}

interface Context {
  readonly ids: KnownIds;
  readonly name: ModelName;
}

function valueOf({ ids, name }: Context, attribute: string, operand: Operand): Cell | LocalId {
  if (operand === null || typeof operand !== 'object' || operand instanceof Date) return operand;
  const { target = name } = conditionColumn(name, attribute);
  return attribute === 'legacyId'
    ? ids.legacyId(target, operand.ref)
    : ids.localId(target, operand.ref);
}

const patternOps = {
  like: Op.like,
  notLike: Op.notLike,
  iLike: Op.iLike,
  notILike: Op.notILike,
  startsWith: Op.startsWith,
  endsWith: Op.endsWith,
  substring: Op.substring,
  regexp: Op.regexp,
  notRegexp: Op.notRegexp,
  iRegexp: Op.iRegexp,
  notIRegexp: Op.notIRegexp,
} as const;

const compareOps = {
  eq: Op.eq,
  ne: Op.ne,
  gt: Op.gt,
  gte: Op.gte,
  lt: Op.lt,
  lte: Op.lte,
  not: Op.not,
  is: Op.is,
} as const;

/** What stands behind the attribute in Sequelize's condition. */
// eslint-disable-next-line complexity -- one line for each way to ask
function tested(context: Context, attribute: string, test: Test): unknown {
  const value = (operand: Operand): unknown => valueOf(context, attribute, operand);
  switch (test.is) {
    case 'plain':
      return value(test.value);
    case 'list':
      return test.values.map(value);
    case 'in':
      return { [Op.in]: test.values.map(value) };
    case 'notIn':
      return { [Op.notIn]: test.values.map(value) };
    case 'notList':
      return { [Op.not]: test.values.map(value) };
    case 'between':
      return { [Op.between]: test.values.map(value) };
    case 'notBetween':
      return { [Op.notBetween]: test.values.map(value) };
    case 'likeAny':
      return { [Op.like]: { [Op.any]: test.patterns } };
    case 'iLikeAny':
      return { [Op.iLike]: { [Op.any]: test.patterns } };
    case 'either':
      return { [Op.or]: test.tests.map((part) => tested(context, attribute, part)) };
    case 'both':
      return { [Op.and]: test.tests.map((part) => tested(context, attribute, part)) };
    case 'beside':
      return { [compareOps[test.op]]: col(`${context.name}.${sqlName(test.other)}`) };
    case 'lowered':
      throw new Error('A function stands in place of the attribute.');
    case 'eq':
    case 'ne':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
    case 'not':
    case 'is':
      return { [compareOps[test.is]]: value(test.value) };
    default:
      return { [patternOps[test.is]]: test.pattern };
  }
}

function whereOfLeaf(context: Context, { path, attribute, test }: Leaf): WhereOptions {
  if (test.is === 'lowered') {
    const lower = fn('lower', col(`${context.name}.${sqlName(attribute)}`));
    return where(lower, { [test.op === 'eq' ? Op.eq : Op.like]: test.value });
  }
  if (path === undefined) return { [attribute]: tested(context, attribute, test) };
  const name = associationOf(context.name, path).target;
  return {
    [`$${path}.${sqlName(attribute)}$`]: tested({ ...context, name }, attribute, test),
  };
}

/** Write a condition as an application does; parts on different attributes in one object. */
export function whereOf(context: Context, condition: Condition): WhereOptions {
  if ('or' in condition) return { [Op.or]: condition.or.map((part) => whereOf(context, part)) };
  if ('not' in condition) {
    const negated = whereOf(context, condition.not);
    // NOTE: Sequelize 6 leaves the NOT out where `where(…)` follows it directly; in a list it stays.
    return { [Op.not]: negated instanceof Utils.Where ? [negated] : negated };
  }
  if (!('and' in condition)) return whereOfLeaf(context, condition);
  const parts = condition.and.map((part) => whereOf(context, part));
  const keys = parts.flatMap((part) => Reflect.ownKeys(part));
  const isMergeable =
    new Set(keys).size === keys.length &&
    parts.every((part) => Object.getPrototypeOf(part) === Object.prototype);
  return isMergeable ? (Object.assign({}, ...parts) as WhereOptions) : { [Op.and]: parts };
}

/** Write sort keys as an application does. */
function orderOf(keys: readonly SortKey[]): [string, string][] {
  return keys.map(({ path, attribute, direction }) =>
    path === undefined ? [attribute, direction] : ([path, attribute, direction] as never),
  );
}

function includeOf(context: Context, include: IncludeQuery): object {
  const { target } = associationOf(context.name, include.as);
  const inner = { ids: context.ids, name: target };
  return {
    association: include.as,
    ...(include.required !== undefined && { required: include.required }),
    ...(include.where && { where: whereOf(inner, include.where) }),
    ...(include.separate && { separate: true }),
    ...(include.order && { order: orderOf(include.order) }),
    ...(include.limit !== undefined && { limit: include.limit }),
    ...(include.attributes && { attributes: ['legacyId', ...include.attributes] }),
    ...(include.include && { include: include.include.map((one) => includeOf(inner, one)) }),
  };
}

/** Write a query as the options of `findAll`. */
export function optionsOf(ids: KnownIds, query: RowQuery): FindOptions {
  const context = { ids, name: query.model };
  return {
    ...(query.where && { where: whereOf(context, query.where) }),
    ...(query.order && { order: orderOf(query.order) }),
    ...(query.limit !== undefined && { limit: query.limit }),
    ...(query.offset !== undefined && { offset: query.offset }),
    ...(query.attributes && { attributes: ['legacyId', ...query.attributes] }),
    ...(query.include && { include: query.include.map((one) => includeOf(context, one)) as never }),
  };
}
