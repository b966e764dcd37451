import { QueryTypes, type Sequelize, type WhereOptions } from 'sequelize';
import type { Mapping } from '../../mapping';
import { idText, LocalDesk } from '../local-facts';
import { localTable } from '../local-table';
import type { Place, Runtime } from '../runtime';
import { everything, type Bound } from './bound';
import { fitted } from './fitted';
import type { QueryContext } from './subject';
import { guidOf } from './token-subject';
import { boundOfWhere } from './where';

export { idText } from '../local-facts';

/** A condition on one model. */
export interface Query {
  readonly mapping: Mapping;
  readonly where: WhereOptions | undefined;
  /** Told of each comparison in the end. */
  readonly note?: QueryContext['note'];
}

/**
 * Find the legacy filter that bounds a condition. Local primary keys in it (of the rows themselves,
 * or of what foreign keys refer to) are turned into legacy keys first, by one statement a model.
 */
export async function boundOf(runtime: Runtime, place: Place, query: Query): Promise<Bound> {
  const { mapping, where, note } = query;
  const table = await localTable(runtime.pool, mapping);
  if (isEmpty(where)) return everything;
  const wanted = new Map<Mapping, Map<string, unknown>>();
  const context: QueryContext = {
    mapping,
    dialect: runtime.client.dialect,
    timezone: timezoneOf(runtime.sequelize),
    typeOf: (_mapping, column) => table.typeOf(column),
    keyOf: (target, id) => {
      const ids = wanted.get(target) ?? new Map<string, unknown>();
      wanted.set(target, ids.set(String(id), id));
      return undefined;
    },
  };
  const draft = boundOfWhere(context, where);
  if (wanted.size === 0) {
    if (note) boundOfWhere({ ...context, note }, where);
    return fitted(runtime.client, mapping, draft);
  }
  const keys = new Map<Mapping, ReadonlyMap<string, string | null>>();
  for (const [target, ids] of wanted) {
    keys.set(target, await legacyKeys(runtime, place, { mapping: target, ids: [...ids.values()] }));
  }
  const keyOf = (target: Mapping, id: unknown): string | null | undefined =>
    keys.get(target)?.get(idText(id));
  return fitted(runtime.client, mapping, boundOfWhere({ ...context, note, keyOf }, where));
}

function timezoneOf(sequelize: Sequelize): string {
  const { options } = sequelize as unknown as { options: { timezone?: string } };
  return options.timezone ?? '+00:00';
}

function isEmpty(where: WhereOptions | undefined): boolean {
  return where === undefined || (typeof where === 'object' && Reflect.ownKeys(where).length === 0);
}

/** The legacy keys of local rows, by primary key as text; null for rows that have none. */
export async function legacyKeys(
  runtime: Runtime,
  place: Place,
  rows: { readonly mapping: Mapping; readonly ids: readonly unknown[] },
): Promise<ReadonlyMap<string, string | null>> {
  const table = await localTable(runtime.pool, rows.mapping);
  const { primaryKey, legacyId } = table.columns;
  const ids = rows.ids.map(String).filter((id) => isKeyOf(table.primaryKeyType, id));
  if (ids.length === 0) return new Map();
  if (!place.transaction) return askedTogether(runtime, rows.mapping, ids);
  const found = await place.sequelize.query<{ id: string; key: string | null }>(
    `SELECT t.${primaryKey}::text AS id, t.${legacyId} AS key FROM ${table.name} t
      WHERE t.${primaryKey} = ANY ($1::${table.primaryKeyType}[])`,
    { bind: [ids], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return new Map(found.map((row) => [idText(row.id), row.key]));
}

/** With what else is asked in this tick: the reads of a tick then reach the legacy system together. */
async function askedTogether(
  runtime: Runtime,
  mapping: Mapping,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const question = { ids: new Map([[mapping, new Set(ids)]]), keys: new Map() };
  const facts = await LocalDesk.of(runtime).ask(question);
  return new Map(
    ids.flatMap((id) => {
      const key = facts.legacyKey(mapping, id);
      return key === undefined ? [] : [[idText(id), key] as const];
    }),
  );
}

/** Whether a text can be a key at all: PostgreSQL would refuse the others, for all of them. */
function isKeyOf(type: string, id: string): boolean {
  if (type === 'uuid') return guidOf(id) !== undefined;
  const largest = { smallint: 32_767n, integer: 2_147_483_647n, bigint: 2n ** 63n - 1n }[type];
  if (largest === undefined) return !/\0|\p{Surrogate}/u.test(id);
  if (!/^[+-]?\d{1,20}$/.test(id)) return false;
  const number = BigInt(id.replace('+', ''));
  return number <= largest && -number <= largest;
}
