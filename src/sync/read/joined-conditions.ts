import { Op, Utils } from 'sequelize';
import type { ConformedInclude, EffectiveOptions } from './sequelize-internals';

/**
 * Whether a condition may speak of rows of includes: `'$contacts.id$': null`. Such rows decide which
 * others are shown, without being shown themselves. SQL may, too.
 */
export function decidesByIncludes({ where, includes }: EffectiveOptions): boolean {
  return includes.length > 0 && (speaksOfOthers(where) || includes.some(hasSuchCondition));
}

function hasSuchCondition({ where, include = [] }: ConformedInclude): boolean {
  return speaksOfOthers(where) || include.some(hasSuchCondition);
}

function speaksOfOthers(node: unknown): boolean {
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  if (node instanceof SequelizeMethod) return true;
  if (Array.isArray(node)) return node.some(speaksOfOthers);
  if (typeof node !== 'object' || node === null) return false;
  const values = node as Readonly<Record<PropertyKey, unknown>>;
  return Reflect.ownKeys(values).some((key) => {
    const isOther = key === Op.col || (typeof key === 'string' && /^\$.*\$$/.test(key));
    return isOther || speaksOfOthers(values[key]);
  });
}

/** Includes that show every row that is joined, whatever their conditions make of it. */
export function unconditioned(includes: readonly ConformedInclude[]): ConformedInclude[] {
  return includes.map((include) => {
    const shown = { ...include, required: false };
    delete shown.where;
    return { ...shown, ...(include.include && { include: unconditioned(include.include) }) };
  });
}
