import { Op, Utils } from 'sequelize';
import type { Mapping } from '../../../mapping';
import { deletedAtOf } from '../../refresh/agreement';
import { isPlain } from './row-query';

/** Attributes that a record says something about although no field is mapped to them. */
const stamps = new Set([
  'legacyId',
  'legacyModifiedAt',
  'legacyVersion',
  'createdAt',
  'modifiedAt',
]);

/**
 * Whether only this side can say which rows a condition finds: it names primary keys, and columns
 * that the legacy system knows nothing of. What cannot be told for sure (SQL, paths into JSON, columns
 * of other models) is not of this side alone.
 *
 * @param where - with scopes merged in, by attribute names, as Sequelize takes it.
 */
export function isOwnCondition(mapping: Mapping, where: unknown): boolean {
  if (where === undefined || where === null) return true;
  if (Array.isArray(where)) {
    return where.every((part) => typeof part === 'object' && isOwnCondition(mapping, part));
  }
  if (!isPlain(where)) return false;
  return Reflect.ownKeys(where).every((key) => {
    const value = where[key];
    if (key === Op.and || key === Op.or || key === Op.not) return isOwnCondition(mapping, value);
    return typeof key === 'string' && isOwnAttribute(mapping, key) && !namesColumns(value);
  });
}

function isOwnAttribute(mapping: Mapping, name: string): boolean {
  const isKnown = name in mapping.model.getAttributes();
  const isLegacy =
    mapping.byAttribute.has(name) || stamps.has(name) || name === deletedAtOf(mapping);
  return isKnown && !isLegacy;
}

/** Whether a value is an SQL expression, or holds one. */
function namesColumns(value: unknown): boolean {
  const { SequelizeMethod } = Utils as unknown as { SequelizeMethod: new () => object };
  if (value instanceof SequelizeMethod) return true;
  if (Array.isArray(value)) return value.some(namesColumns);
  if (!isPlain(value)) return false;
  return Reflect.ownKeys(value).some((key) => key === Op.col || namesColumns(value[key]));
}
