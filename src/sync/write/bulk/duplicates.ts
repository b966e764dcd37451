import type { FindOptions, WhereOptions } from 'sequelize';
import { idOf, type SyncedWrite } from '../synced-write';
import { freshImages } from './fresh-images';
import { currentRows, lockCurrentRows, type LockedRows } from './locked-rows';
import { anyOfConditions } from './unique-values';

/** A condition on the attributes of one unique key. */
export type Clash = Readonly<Record<string, unknown>>;

/**
 * Bring the rows up to date with which new rows may clash: a duplicate may so far exist only in the
 * legacy system, or only here.
 *
 * What other attributes say, only this side knows: rows that clash in those are asked for by key.
 */
export async function refreshClashing(
  write: SyncedWrite,
  clashes: readonly Clash[],
): Promise<void> {
  const { mapping, transaction } = write;
  const key = mapping.model.primaryKeyAttribute;
  const isAsked = (clash: Clash): boolean =>
    Object.keys(clash).every(
      (name) => mapping.byAttribute.has(name) || name === key || name === 'legacyId',
    );
  const local = clashes.filter((clash) => !isAsked(clash));
  const here = local.length > 0 ? await currentRows(write, anyOfConditions([...local])) : [];
  const asked = [...clashes.filter(isAsked), ...here.map((row): Clash => ({ [key]: idOf(row) }))];
  if (asked.length === 0) return;
  const where: WhereOptions = anyOfConditions([...asked]);
  const options = { where, paranoid: false, transaction, hooks: false, freshness: 'exact' };
  await mapping.model.unscoped().findAll(options as FindOptions);
}

/** Lock the rows with which new rows clash, and read their legacy records. */
export async function lockClashing(
  write: SyncedWrite,
  clashes: readonly Clash[],
): Promise<LockedRows> {
  if (clashes.length === 0) return { before: [], images: new Map() };
  const where = anyOfConditions([...clashes]);
  const rows = await lockCurrentRows(write, where);
  const { images, isStale } = await freshImages(write, rows);
  return { before: isStale ? await lockCurrentRows(write, where) : rows, images };
}
