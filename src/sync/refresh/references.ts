import { QueryTypes } from 'sequelize';
import type { Mapping } from '../../mapping';
import { localTable, quote } from '../local-table';
import type { Runtime } from '../runtime';
import type { StorePlace } from './scope';

/**
 * Of rows whose records were made inactive, those that rows of mapped models refer to: their records do
 * so still, so they must not be deleted, whatever the tables would make of that.
 *
 * @returns legacy keys; none of a model whose records are deleted, or whose deleted rows stay.
 */
export async function keysReferredTo(
  { registry, pool }: Runtime,
  place: StorePlace,
  { mapping, keys }: { readonly mapping: Mapping; readonly keys: readonly string[] },
): Promise<ReadonlySet<string>> {
  const { name, columns: t } = await localTable(pool, mapping);
  if (!mapping.deactivation || t.deletedAt || keys.length === 0) return new Set();
  const references: string[] = [];
  for (const other of registry.values()) {
    const from = await localTable(pool, other);
    for (const { target, column } of other.attributes) {
      if (target !== mapping) continue;
      const points = `r.${quote(column)} = t.${t.primaryKey}`;
      references.push(`EXISTS (SELECT FROM ${from.name} r WHERE ${points})`);
    }
  }
  if (references.length === 0) return new Set();
  const found = await place.sequelize.query<{ key: string }>(
    `SELECT t.${t.legacyId}::text AS key FROM ${name} t
      WHERE t.${t.legacyId} = ANY ($1::uuid[]) AND (${references.join(' OR ')})`,
    { bind: [keys], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return new Set(found.map(({ key }) => key));
}
