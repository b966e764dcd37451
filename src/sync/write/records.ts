import type { LegacyRecord } from '../../../legacy-client';
import { SyncError } from '../errors';
import { withKeys } from '../refresh/fetch';
import { findLinks, linkName } from './links';
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
  if (write.mapping.link) return readLinks(write, open);
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

/** The service says nothing of a link that it has made: the two records tell which it is. */
async function readLinks(
  { runtime, mapping }: SyncedWrite,
  steps: readonly (CreateStep | UpdateStep)[],
): Promise<void> {
  const records = await findLinks(
    runtime,
    mapping,
    steps.map(({ sent }) => sent),
  );
  for (const step of steps) {
    step.after = mapping.link && records.get(linkName(mapping.link, step.sent));
    if (!step.after) {
      throw new SyncError(
        'The link was made, and is not there any more: somebody has removed it at once.',
        { model: mapping.name, id: step.id },
      );
    }
    step.key = step.after.key;
  }
}
