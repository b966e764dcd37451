import type { Model } from 'sequelize';
import { LegacyConflictError } from '../../../../legacy-client';
import { reloadInstances, takeAfterImages } from '../after-image';
import type { SyncedInstance } from '../save';
import { inSyncedWrite, type SyncedWrite } from '../synced-write';
import { recordsOf } from '../records';
import { sendChanges } from './changes';
import { lockRows, type LockedRows } from './locked-rows';
import { OwnStatement } from './own-statement';
import { refreshRows } from './results';
import { inWriteOptions, type BulkCall, type BulkOptions } from './update';

/** What Sequelize's `increment` takes: names, or a number for each name. */
export type IncrementFields = string | readonly string[] | Readonly<Record<string, unknown>>;

/** An increment or decrement, of a class or of an instance. */
export interface Increment extends BulkCall<BulkOptions & { instance?: Model }> {
  readonly fields: IncrementFields;
  /** Sequelize's own call, which stays local. */
  readonly run: (options: BulkOptions) => Promise<unknown[]>;
}

/** How often an increment is repeated on a record that others change at the same time. */
const attempts = 20;

/**
 * Increment fields on both sides or on neither.
 *
 * The increment is made on the value that the legacy system has, in a locked row, and what comes of it
 * is sent under the condition that the record is still as it was read, where the service knows such
 * conditions. When it is not, the row is brought up to date and the increment made again.
 */
export async function incrementBoth(call: Increment): Promise<unknown[]> {
  const { synced, options, run } = call;
  if (!fieldNames(call.fields).some((name) => synced.mapping.byAttribute.has(name))) {
    return run({ ...options, silent: true });
  }
  return inSyncedWrite(synced, options, async (write) => {
    const rows = await lockedRows(write, call);
    const after = new Map<string, SyncedInstance>();
    const result = await incrementAndSend(write, call, { rows, after, left: attempts });
    const { instance } = options;
    await write.unit.follow(write.transaction, async (transaction) => {
      refreshRows(returnedRows(result), after);
      if (!instance || after.size === 0) return;
      await reloadInstances({ ...write, transaction }, [instance as SyncedInstance]);
    });
    return result;
  });
}

/** The attributes that an increment names. */
export function fieldNames(fields: IncrementFields): readonly string[] {
  if (typeof fields === 'string') return [fields];
  return Array.isArray(fields) ? (fields as string[]) : Object.keys(fields);
}

function lockedRows(write: SyncedWrite, { model, options }: Increment): Promise<LockedRows> {
  const { where } = options;
  return lockRows(write, { model, where, paranoid: false, isScoped: true }, { images: true });
}

interface Attempt {
  readonly rows: LockedRows;
  /** Filled with the rows as they are in the end. */
  readonly after: Map<string, SyncedInstance>;
  readonly left: number;
}

async function incrementAndSend(
  write: SyncedWrite,
  call: Increment,
  { rows, after, left }: Attempt,
): Promise<unknown[]> {
  const options = { ...inWriteOptions(write, call.options, rows), silent: true };
  const result = await new OwnStatement().run(() => call.run(options));
  const mayFail = (error: unknown): boolean =>
    left > 1 && error instanceof LegacyConflictError && error.status === 412;
  const outcome = await sendChanges(write, rows, { mayFail, isIncrement: true });
  for (const [id, row] of outcome.after) after.set(id, row);
  if (outcome.failed.length > 0) {
    const again = await refreshed(write, outcome.failed);
    await incrementAndSend(write, call, { rows: again, after, left: left - 1 });
  }
  return result;
}

/** Undo an increment that was not sent: the rows hold again what the legacy system has. */
async function refreshed(
  write: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<LockedRows> {
  const { runtime, mapping } = write;
  const askedAt = await runtime.clock.now();
  const keys = instances.map(({ legacyId }) => String(legacyId));
  const images = await recordsOf(write, keys);
  for (const key of keys) {
    if (images.has(key)) continue;
    images.set(key, await runtime.client.get(mapping.entity, key));
  }
  await takeAfterImages(write, instances, { records: [...images.values()], askedAt });
  return { before: instances, images };
}

/** The rows that PostgreSQL returned: `[[rows, count]]`, or of an instance the instance. */
function returnedRows(result: unknown[]): unknown {
  const [first] = result;
  return Array.isArray(first) ? first[0] : undefined;
}
