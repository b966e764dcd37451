import { QueryTypes } from 'sequelize';
import { quote } from '../local-table';
import type { Difference } from './compare';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  type RefreshTable,
} from './input-sql';
import { inTransaction, inWrite, type RefreshScope, type StorePlace } from './scope';
import { noteKnown } from './store';

/** Links that are not here under their keys, as an answer has them. */
interface Remade {
  readonly differences: readonly Difference[];
  readonly askedAt: Date;
  readonly isOwnWrite: boolean;
}

/**
 * Give rows of links the keys that their links have now. A link that was removed and made again has
 * another key there and is the same here: two records are linked once, so the old key is gone.
 *
 * @returns whether there was such a row.
 */
export async function adoptRemadeLinks(
  scope: RefreshScope,
  table: RefreshTable,
  { differences, askedAt, isOwnWrite }: Remade,
): Promise<boolean> {
  const fresh = differences.filter(({ id }) => id === null);
  if (!table.mapping.link || fresh.length === 0) return false;
  const within = isOwnWrite ? inWrite : inTransaction;
  return within(scope, async (place) => {
    const old = await adopt(place, table, fresh);
    const keys = old.flatMap(({ key }) => key ?? []);
    const { name: model } = table.mapping;
    if (keys.length > 0) await noteKnown(place, { model, keys, askedAt, gone: true });
    return old.length > 0;
  });
}

async function adopt(
  place: StorePlace,
  table: RefreshTable,
  fresh: readonly Difference[],
): Promise<{ key: string | null }[]> {
  const { local, columns } = table;
  const { name, columns: t } = local;
  const same = (one: string, other: (column: string) => string): string =>
    columns
      .filter(({ lookup }) => lookup)
      .map(({ column }) => `${one}.${quote(column)} = ${other(column)}`)
      .join(' AND ');
  return place.sequelize.query<{ key: string | null }>(
    `
WITH found AS MATERIALIZED (
  SELECT t.${t.primaryKey} AS id, t.${t.legacyId} AS old, i."#key" AS key
    FROM ${inputTable(table, '$1')}
    ${lookupJoins(table)}
    JOIN ${name} t ON ${same('t', (column) => incomingValue(table, column))}
   WHERE t.${t.legacyId} IS DISTINCT FROM i."#key"${t.deletedAt ? ` AND t.${t.deletedAt} IS NULL` : ''}
     AND NOT EXISTS (SELECT FROM ${name} o WHERE o.${t.primaryKey} < t.${t.primaryKey}
                      AND ${same('o', (column) => `t.${quote(column)}`)})
   ORDER BY i."#key" FOR UPDATE OF t SKIP LOCKED
)
UPDATE ${name} t SET ${t.legacyId} = found.key FROM found WHERE t.${t.primaryKey} = found.id
RETURNING found.old AS key`,
    {
      bind: [inputParameter(fresh.map(({ row }) => row))],
      type: QueryTypes.SELECT,
      transaction: place.transaction,
    },
  );
}
