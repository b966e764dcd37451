import type { LegacyRecord } from '../../../legacy-client';
import { withKeys } from '../refresh/fetch';
import type { CreateStep, UpdateStep } from './steps';
import type { SyncedWrite } from './synced-write';

/** The legacy records of these keys by key, as far as a list shows them; of one key, none. */
export async function recordsOf(
  { runtime: { client }, mapping }: SyncedWrite,
  keys: readonly string[],
): Promise<Map<string, LegacyRecord>> {
  if (keys.length < 2) return new Map();
  const records = await client.list(mapping.entity, { filter: withKeys(mapping, keys) });
  return new Map(records.map((record) => [record.key.toLowerCase(), record]));
}

/** Where writes answer without their records, these are read. The writes stand whatever comes of it. */
export async function readAfterImages(
  write: SyncedWrite,
  steps: readonly (CreateStep | UpdateStep)[],
): Promise<void> {
  const open = steps.filter(({ after }) => after === undefined);
  const records = await recordsOf(
    write,
    open.map(({ key }) => key),
  );
  for (const step of open) {
    step.after =
      records.get(step.key.toLowerCase()) ??
      (await write.runtime.client.get(step.mapping.entity, step.key));
  }
}
