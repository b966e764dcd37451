import { QueryTypes, type Model, type ModelStatic } from 'sequelize';
import { transactionOf } from '../../model/context';
import type { Place, Synced } from '../runtime';
import { readExactly } from './exact-read';
import type { Knowledge } from './legs';
import type { ReadOptions } from './sequelize-internals';

/** What `Model.refresh` takes: what the rows must match, and what belongs to them. */
export type RefreshOptions = Pick<ReadOptions, 'where' | 'include' | 'transaction'>;

/** What `Model.refresh` did, the models of its includes counted, too. */
export interface RefreshResult {
  /** Records that the legacy system answered with. */
  readonly refreshed: number;
  /** Rows that were stored because they differed, or were not here. */
  readonly changed: number;
  /** Rows that were removed because their records are gone. */
  readonly removed: number;
}

/**
 * Bring the rows up to date that match a condition in the legacy system, and those that match it
 * here, without loading any: for SQL of one's own, which is not intercepted.
 *
 * @param model - the class that was called, perhaps derived by `scope()`.
 */
export async function refreshRows(
  synced: Synced,
  model: ModelStatic<Model>,
  options: RefreshOptions,
): Promise<RefreshResult> {
  const { runtime } = synced;
  const since = await runtime.clock.now();
  const learnt: Knowledge[] = [];
  await readExactly({
    synced,
    model,
    options,
    givesRows: false,
    run: () => Promise.resolve(),
    observe: (knowledge) => learnt.push(knowledge),
  });
  const transaction = transactionOf(options);
  const place = transaction
    ? { sequelize: runtime.sequelize, transaction }
    : { sequelize: runtime.pool, transaction: null };
  return resultOf(place, learnt, since);
}

async function resultOf(
  place: Place,
  learnt: readonly Knowledge[],
  since: Date,
): Promise<RefreshResult> {
  const last = learnt.at(-1);
  if (!last) return { refreshed: 0, changed: 0, removed: 0 };
  const seen = [...last.seen].flatMap(([model, keys]) => [...keys].map((key) => ({ model, key })));
  const gone = [...last.gone].flatMap(([model, keys]) => [...keys].map((key) => ({ model, key })));
  const [row] = await place.sequelize.query<{ changed: number; removed: number }>(
    `
SELECT count(*) FILTER (WHERE NOT k.gone)::int AS changed,
       count(*) FILTER (WHERE k.gone)::int AS removed
  FROM (SELECT DISTINCT model, key FROM jsonb_to_recordset($1::jsonb) AS i(model text, key uuid)) i
  JOIN dual_write_known k ON k.model = i.model AND k.legacy_id = i.key
 WHERE k.applied_at >= $2`,
    {
      bind: [JSON.stringify([...seen, ...gone]), since],
      type: QueryTypes.SELECT,
      transaction: place.transaction,
    },
  );
  return { refreshed: seen.length, changed: row?.changed ?? 0, removed: row?.removed ?? 0 };
}
