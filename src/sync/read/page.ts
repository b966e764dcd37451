import type { LegacyOrder, LegacyQuery } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import type { Bound } from '../query/bound';
import { orderedProperty } from '../query/leaf';
import type { EffectiveOptions } from './sequelize-internals';

/** The first records of an order: all that a page of rows can be made of. */
export type LegacyPage = Required<Pick<LegacyQuery, 'top' | 'orderBy'>>;

/**
 * Ask for the first records only, when a page of rows is wanted and the legacy system can say which
 * ones it is made of: its filter must match exactly, and every sort key must be a number or a date
 * that is never null, since texts and nulls are sorted in other ways there.
 *
 * The rows of the page that came in no answer are looked at by the last check.
 */
export function legacyPage(
  mapping: Mapping,
  bound: Bound,
  effective: EffectiveOptions,
): LegacyPage | undefined {
  const { limit, offset, order, includes, isWhole } = effective;
  if (!isWhole || includes.length > 0 || !bound.exact) return undefined;
  const start = offset ?? 0;
  if (typeof limit !== 'number' || typeof start !== 'number') return undefined;
  const orderBy = legacyOrder(mapping, order);
  return orderBy && { top: start + limit, orderBy };
}

function legacyOrder(mapping: Mapping, order: unknown): LegacyOrder[] | undefined {
  if (order === undefined || order === null) return [];
  if (!Array.isArray(order)) return undefined;
  const keys: LegacyOrder[] = [];
  for (const entry of order as unknown[]) {
    const [attribute, direction = 'ASC', ...rest] = (
      Array.isArray(entry) ? entry : [entry]
    ) as unknown[];
    const property =
      typeof attribute === 'string' ? orderedProperty(mapping, attribute) : undefined;
    const way = String(direction).toLowerCase();
    if (!property || rest.length > 0 || (way !== 'asc' && way !== 'desc')) return undefined;
    keys.push({ property, direction: way });
  }
  return keys;
}
