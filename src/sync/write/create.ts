import type { LegacyChanges } from '../../../legacy-client';
import { SyncError } from '../errors';
import type { Synced } from '../runtime';
import { reloadInstances, takeAfterImages } from './after-image';
import { outgoingRows } from './outgoing';
import { planCreates, type RowToCreate } from './pending/plan';
import { linksToSend } from './removed-links';
import type { SyncedInstance } from './save';
import { send } from './send';
import { stateOfNew } from '../states';
import { storeLegacyIds } from './store-legacy-ids';
import { newIntentId, type CreateStep } from './steps';
import { idOf, type SyncedWrite } from './synced-write';

/** A row that has just been inserted, or has never had a legacy record. */
export interface CreatedRow {
  readonly instance: SyncedInstance;
  readonly wasNew: boolean;
}

/** Create the legacy records of rows of one model. */
export async function createRecords(
  write: SyncedWrite,
  rows: readonly CreatedRow[],
): Promise<void> {
  const { runtime } = write;
  const instances = rows.map(({ instance }) => instance);
  // A row that is here already may have been loaded in part: all of it is sent.
  const partial = rows.filter(({ wasNew }) => !wasNew).map(({ instance }) => instance);
  await reloadInstances(write, partial);
  const steps = await createSteps(write, rows);
  const askedAt = await runtime.clock.now();
  const unsent = await linksToSend(write, steps);
  const created = steps.flatMap((step, index): RowToCreate[] => {
    const instance = instances[index];
    return instance ? [{ instance, step }] : [];
  });
  const waiting = created.filter(({ step }) => waits(write) && unsent.includes(step));
  if (!waits(write))
    await send(
      write,
      unsent.map((step) => ({ step })),
    );
  const done = created.filter((row) => !waiting.includes(row));
  await keepKeys(write, done);
  const records = done.flatMap(({ step }) => step.after ?? []);
  await takeAfterImages(
    write,
    done.map(({ instance }) => instance),
    { records, askedAt },
  );
  await planCreates(write, waiting);
}

/** Whether writes are sent at the end of their transaction. */
function waits({ runtime }: SyncedWrite): boolean {
  return runtime.writes === 'changeset';
}

async function createSteps(write: SyncedWrite, rows: readonly CreatedRow[]): Promise<CreateStep[]> {
  const { runtime, mapping, place, unit } = write;
  const sent = await outgoingRows(runtime, place, {
    mapping,
    operation: 'create',
    rows: rows.map(({ instance }) => {
      const values = instance.get() as Record<string, unknown>;
      const attributes = mapping.attributes.filter(
        ({ attribute }) => values[attribute] !== null && values[attribute] !== undefined,
      );
      return { attributes, values };
    }),
  });
  const savepoints = unit.openSavepoints();
  requireBothEnds(write, sent);
  const takesKeys = takesClientKeys(write);
  return rows.map(({ instance }, index) => ({
    operation: 'create',
    intentId: newIntentId(),
    mapping,
    id: idOf(instance),
    sent: { ...sent[index], ...stateOfNew(mapping) },
    key: takesKeys ? (instance.legacyId ?? '') : '',
    savepoints,
    after: undefined,
    isOver: false,
  }));
}

/** Whether a record may be created under a key of ours; the service chooses those of links. */
function takesClientKeys({ runtime, mapping }: Synced): boolean {
  return runtime.client.dialect.clientKeys !== 'no' && !mapping.link;
}

/**
 * Whether a new row gets a key of ours: one that the service takes, or, where writes wait, one by which
 * the row is known until the service has answered.
 */
export function getsKey(synced: Synced): boolean {
  return takesClientKeys(synced) || synced.runtime.writes === 'changeset';
}

/** @throws SyncError for a link that lacks one of its records. */
function requireBothEnds({ mapping }: SyncedWrite, sent: readonly LegacyChanges[]): void {
  const { name: model, link } = mapping;
  for (const { attribute, property } of link ? [link.from, link.to] : []) {
    if (sent.every((values) => Boolean(values[property.name]))) continue;
    throw new SyncError(`A link is between two records, and ${attribute} is empty.`, { model });
  }
}

/** Where the service has chosen keys of its own, the rows have those. */
async function keepKeys(write: SyncedWrite, rows: readonly RowToCreate[]): Promise<void> {
  const chosen = rows.filter(({ instance, step }) => step.key !== instance.legacyId);
  if (chosen.length === 0) return;
  await storeLegacyIds(
    write,
    chosen.map(({ step }) => step),
  );
}
