import { Op, type FindOptions, type Model, type WhereOptions } from 'sequelize';
import type { LegacyRecord } from '../../../../legacy-client';
import type { SyncedInstance } from '../save';
import { idOf, type SyncedWrite } from '../synced-write';
import { freshImages } from './fresh-images';
import { effectiveQuery, type EffectiveQuery, type RowQuery } from './row-query';

/** The rows that a bulk call concerns, locked until its transaction ends. */
export interface LockedRows {
  /** As they are before the call's own statement. */
  readonly before: readonly SyncedInstance[];
  /** Their legacy records at that time, by key in lower case; none where they were not asked for. */
  readonly images: ReadonlyMap<string, LegacyRecord>;
}

/**
 * Find and lock the rows that a call concerns.
 *
 * A synced read finds them, so that what was changed, created or deleted in the legacy system counts;
 * not where the condition is the primary key alone. Then the rows are locked, in the order of their
 * keys. With `images`, their legacy records are read after that, and rows that differ are brought up
 * to date before the call's statement looks at them.
 */
export async function lockRows(
  write: SyncedWrite,
  query: RowQuery,
  { images }: { readonly images: boolean },
): Promise<LockedRows> {
  const effective = effectiveQuery(query);
  const ids = effective.ids ?? (await findExactly(write, query, effective));
  const subject = { query, where: effective.where, ids };
  const rows = await lock(write, subject);
  if (!images) return { before: rows, images: new Map() };
  const fresh = await freshImages(write, rows);
  const current = fresh.isStale ? await lock(write, subject) : rows;
  const before = current.filter(({ legacyId }) => !fresh.gone.has(legacyId ?? ''));
  return { before, images: fresh.images };
}

async function findExactly(
  { mapping, transaction }: SyncedWrite,
  { paranoid }: RowQuery,
  { where, limit, order }: EffectiveQuery,
): Promise<unknown[]> {
  const options = {
    ...(where !== undefined && { where }),
    ...(limit !== undefined && { limit }),
    ...(order !== undefined && { order }),
    paranoid,
    transaction,
    hooks: false,
    freshness: 'exact',
  };
  return (await mapping.model.unscoped().findAll(options as FindOptions)).map(idOf);
}

interface Subject {
  readonly query: RowQuery;
  readonly where: WhereOptions | undefined;
  readonly ids: readonly unknown[];
}

async function lock(write: SyncedWrite, { query, where, ids }: Subject): Promise<SyncedInstance[]> {
  if (ids.length === 0) return [];
  const byKey = { [write.mapping.model.primaryKeyAttribute]: [...ids] };
  const narrow = where === undefined ? byKey : { [Op.and]: [where, byKey] };
  return lockCurrentRows(write, narrow, query.paranoid);
}

/** Lock the rows that match here, in the order of their keys. */
export async function lockCurrentRows(
  { mapping, transaction }: SyncedWrite,
  where: WhereOptions,
  paranoid = false,
): Promise<SyncedInstance[]> {
  const options = {
    where,
    order: [mapping.model.primaryKeyAttribute],
    // Not UPDATE: refreshes on other connections store rows that refer to these.
    lock: transaction.LOCK.NO_KEY_UPDATE,
    paranoid,
    transaction,
    hooks: false,
    skipLegacy: true,
  };
  return (await mapping.model.unscoped().findAll(options as FindOptions)) as SyncedInstance[];
}

/** The rows as they are now, soft-deleted ones too. */
export async function currentRows(
  { mapping, transaction }: SyncedWrite,
  where: WhereOptions,
): Promise<SyncedInstance[]> {
  const options = { where, paranoid: false, transaction, hooks: false, skipLegacy: true };
  const rows: Model[] = await mapping.model.unscoped().findAll(options as FindOptions);
  return rows as SyncedInstance[];
}
