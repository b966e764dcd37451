import type { LegacyRecord } from '../../../../legacy-client';
import type { Mapping } from '../../../mapping';
import { RejectedRecordError, type AheadRow } from '../../errors';
import { deletedAtOf } from '../../refresh/agreement';
import { settleAbsent } from '../../refresh/absence';
import { applyAnswer, refuseAhead } from '../../refresh/apply';
import { compare } from '../../refresh/compare';
import { recordIfThere } from '../../refresh/fetch';
import { refreshTable } from '../../refresh/input-sql';
import { linkDeferred } from '../../refresh/parents';
import { incomingRows } from '../../refresh/row';
import { isPending, writeScope, type RefreshScope } from '../../refresh/scope';
import { pushRows } from '../push';
import type { SyncedInstance } from '../save';
import type { SyncedWrite } from '../synced-write';
import { awaitOthers } from '../others-writes';
import { recordsOf } from '../records';

/** The legacy records of locked rows, and what they meant for the rows. */
export interface FreshImages {
  /** By key in lower case. */
  readonly images: ReadonlyMap<string, LegacyRecord>;
  /** The keys of records that no longer exist. */
  readonly gone: ReadonlySet<string>;
  /** Rows were changed or removed, and must be read again. */
  readonly isStale: boolean;
}

/**
 * Read the legacy records of locked rows, and bring the rows up to date in the write's transaction:
 * nobody else can, and the call's statement must see what the legacy system has.
 *
 * @throws NotInSyncError when rows have local changes, unless the migrator says otherwise.
 */
export async function freshImages(
  write: SyncedWrite,
  rows: readonly SyncedInstance[],
): Promise<FreshImages> {
  const { runtime, mapping, transaction, unit } = write;
  const pending = { pendingKeys: unit.pendingKeys() };
  // What this transaction is going to send of a record is newer than the record.
  const keys = rows
    .filter((row) => hasRecord(write, row) && !isPending(pending, mapping, row.legacyId ?? ''))
    .map(({ legacyId }) => legacyId ?? '');
  if (keys.length === 0) return { images: new Map(), gone: new Set(), isStale: false };
  await awaitOthers(write, rows);
  const askedAt = await runtime.clock.now();
  const { images, missing } = await fetchImages(write, keys);
  // NOTE: with this transaction's own writes, or its rows would be left as if they were others'.
  const scope = writeScope(runtime, transaction, unit);
  const gone = new Set(await removeMissing(write, scope, { missing, images }));
  const changed = await changedRecords(write, [...images.values()], askedAt);
  if (changed.length === 0) return { images, gone, isStale: missing.length > 0 };
  const applied = await applyAnswer(scope, { mapping, records: changed, askedAt });
  const dangling = await linkDeferred(scope);
  const [rejected, ...others] = [
    ...applied.rejected,
    ...dangling.flatMap(({ records }) => records),
  ];
  if (rejected) throw new RejectedRecordError(mapping.name, [rejected, ...others]);
  if (applied.ahead.length === 0) return { images, gone, isStale: true };
  await settleAhead(write, applied.ahead);
  return { ...(await freshImages(write, rows)), isStale: true };
}

/** Whether the legacy system should have a record of this row: not of a soft-deleted one. */
export function hasRecord({ mapping }: SyncedWrite, row: SyncedInstance): boolean {
  return row.legacyId !== null && !isDeleted(mapping, row);
}

/** Whether a row of a paranoid model is marked as deleted. */
export function isDeleted(mapping: Mapping, row: SyncedInstance): boolean {
  const deletedAt = deletedAtOf(mapping);
  return deletedAt !== undefined && Boolean(row.get(deletedAt));
}

async function fetchImages(
  write: SyncedWrite,
  keys: readonly string[],
): Promise<{ images: Map<string, LegacyRecord>; missing: string[] }> {
  const images = await recordsOf(write, keys);
  const [only] = keys;
  if (only !== undefined && keys.length === 1) {
    const record = await recordIfThere(write.runtime, write.mapping, only);
    if (record) images.set(only.toLowerCase(), record);
  }
  return { images, missing: keys.filter((key) => !images.has(key.toLowerCase())) };
}

/** Remove the rows of records that are certainly gone; gives their keys. */
async function removeMissing(
  write: SyncedWrite,
  scope: RefreshScope,
  { missing, images }: { missing: readonly string[]; images: Map<string, LegacyRecord> },
): Promise<string[]> {
  if (missing.length === 0) return [];
  const { runtime, mapping } = write;
  const found = images.size;
  const settled = await settleAbsent(scope, mapping, { keys: missing, gone: [], found });
  refuseAhead(mapping, settled.ahead);
  for (const key of settled.present) {
    const record = await recordIfThere(runtime, mapping, key);
    if (record) images.set(key.toLowerCase(), record);
  }
  return missing.filter((key) => !images.has(key.toLowerCase()));
}

/** The records whose rows do not agree with them. */
async function changedRecords(
  { runtime, mapping, place }: SyncedWrite,
  records: readonly LegacyRecord[],
  askedAt: Date,
): Promise<LegacyRecord[]> {
  const { rows, columns, rejected } = incomingRows(mapping, records);
  const [first, ...others] = rejected;
  if (first) throw new RejectedRecordError(mapping.name, [first, ...others]);
  const table = await refreshTable(runtime, mapping, columns);
  // The rows are locked, and what they hold was stored before this answer was asked for.
  const answer = { rows, askedAt, isOwnWrite: true };
  const differences = await compare(place, table, answer);
  const keys = new Set(
    differences.filter(({ differs, ahead }) => differs || ahead).map(({ row }) => row.key),
  );
  return records.filter(({ key }) => keys.has(key));
}

async function settleAhead(write: SyncedWrite, rows: readonly AheadRow[]): Promise<void> {
  const { runtime, mapping, transaction } = write;
  if (mapping.definition.onLocalAhead !== 'push') refuseAhead(mapping, rows);
  else await pushRows({ runtime, mapping }, rows, transaction);
}
