import { QueryTypes, type Transaction } from 'sequelize';
import type { LegacyFilter } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { localTable } from '../local-table';
import { ownRowSql } from '../own-rows';
import type { Bound } from '../query/bound';
import type { Runtime } from '../runtime';
import type { Read } from './answer';
import type { EffectiveOptions } from './sequelize-internals';

/** A read that may be a count of rows, and what is known of it. */
export interface Countable {
  readonly read: Read<unknown>;
  readonly effective: EffectiveOptions;
  readonly bound: Bound;
  readonly transaction: Transaction | undefined;
}

/**
 * Why rows must be counted here; undefined where the legacy system's own count is the answer, as far
 * as the call itself tells.
 */
export function reasonToCountHere(countable: Countable): string | undefined {
  const { read, effective, bound, transaction } = countable;
  const { runtime, mapping } = read.synced;
  const { options, counts } = read;
  if (!counts || effective.includes.length > 0) return 'more is asked for than a count of rows';
  if (options.group !== undefined || options.having !== undefined) return 'groups are counted';
  if (!bound.exact) return 'the legacy filter may match more than the condition does';
  if (bound.filter === 'none') return 'nothing can match';
  if (transaction) return 'a transaction sees its own writes';
  if (read.maxAgeMs !== undefined) return 'the answer may be older than the call';
  if (mapping.model.options.paranoid) return 'deleted rows are kept here';
  if (mapping.definition.onRejected === 'skip') return 'records that cannot be kept are skipped';
  if (runtime.client.countRequests(mapping.entity) === undefined) {
    return `${runtime.client.dialect.name} does not count`;
  }
  return undefined;
}

/**
 * Have the legacy system count, where its filter says exactly what the condition does, and no row of
 * the model here could make a difference.
 *
 * @returns undefined where rows must be counted here.
 */
export async function legacyCount(countable: Countable): Promise<number | undefined> {
  if (reasonToCountHere(countable) !== undefined) return undefined;
  const { read, bound } = countable;
  const { runtime, mapping } = read.synced;
  const filter = typeof bound.filter === 'string' ? undefined : bound.filter;
  const count = await sharedCount(runtime, mapping, filter);
  if (count === undefined || (await hasOwnRows(runtime, mapping))) return undefined;
  return count;
}

async function sharedCount(
  runtime: Runtime,
  mapping: Mapping,
  filter: LegacyFilter | undefined,
): Promise<number | undefined> {
  const { client, exchanges } = runtime;
  const text = filter ? client.dialect.filter(filter) : null;
  const list = JSON.stringify([mapping.name, text, undefined, undefined]);
  return exchanges.share(JSON.stringify(['count', mapping.name, text]), async () => {
    // The records are about to be asked for, by findAndCountAll: they can be counted as well.
    if (exchanges.isAwaited(list)) return undefined;
    return client.count(mapping.entity, filter);
  });
}

/** Rows that the legacy system does not have as they are here, or records that cannot be kept here. */
async function hasOwnRows(runtime: Runtime, mapping: Mapping): Promise<boolean> {
  const table = await localTable(runtime.pool, mapping);
  const [row] = await runtime.pool.query<{ own: boolean }>(
    `
SELECT EXISTS (SELECT FROM ${table.name} WHERE ${ownRowSql(table)})
    OR EXISTS (SELECT FROM dual_write_rejected WHERE model = $1) AS own`,
    { bind: [mapping.name], type: QueryTypes.SELECT, transaction: null },
  );
  return row?.own ?? true;
}
