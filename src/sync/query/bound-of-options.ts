import { QueryTypes, type WhereOptions } from 'sequelize';
import type { Mapping } from '../../mapping';
import { localTable } from '../local-table';
import type { Place, Runtime } from '../runtime';
import type { Bound } from './bound';
import type { LeafContext } from './leaf';
import { boundOfWhere } from './where';

/**
 * Find the legacy filter that bounds a condition. Local primary keys in it (of the rows themselves,
 * or of what foreign keys refer to) are turned into legacy keys first, by one statement a model.
 */
export async function boundOf(
  runtime: Runtime,
  place: Place,
  query: { readonly mapping: Mapping; readonly where: WhereOptions | undefined },
): Promise<Bound> {
  const wanted = new Map<Mapping, Map<string, unknown>>();
  const context: LeafContext = {
    mapping: query.mapping,
    dialect: runtime.client.dialect,
    keyOf: (mapping, id) => {
      const ids = wanted.get(mapping) ?? new Map<string, unknown>();
      wanted.set(mapping, ids.set(String(id), id));
      return undefined;
    },
  };
  const draft = boundOfWhere(context, query.where);
  if (wanted.size === 0) return draft;
  const keys = new Map<Mapping, ReadonlyMap<string, string | null>>();
  for (const [mapping, ids] of wanted) {
    keys.set(mapping, await legacyKeys(runtime, place, { mapping, ids: [...ids.values()] }));
  }
  const keyOf = (mapping: Mapping, id: unknown): string | null | undefined =>
    keys.get(mapping)?.get(idText(id));
  return boundOfWhere({ ...context, keyOf }, query.where);
}

/** The legacy keys of local rows, by primary key as text; null for rows that have none. */
export async function legacyKeys(
  runtime: Runtime,
  place: Place,
  rows: { readonly mapping: Mapping; readonly ids: readonly unknown[] },
): Promise<ReadonlyMap<string, string | null>> {
  const table = await localTable(runtime.pool, rows.mapping);
  const { primaryKey, legacyId } = table.columns;
  const found = await place.sequelize.query<{ id: string; key: string | null }>(
    `SELECT t.${primaryKey}::text AS id, t.${legacyId} AS key FROM ${table.name} t
      WHERE t.${primaryKey} = ANY ($1::${table.primaryKeyType}[])`,
    { bind: [rows.ids.map(String)], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return new Map(found.map((row) => [idText(row.id), row.key]));
}

/** A primary key as text: UUIDs compare without case. */
export function idText(id: unknown): string {
  return String(id).toLowerCase();
}
