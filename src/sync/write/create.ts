import { QueryTypes } from 'sequelize';
import type { LegacyChanges } from '../../../legacy-client';
import { SyncError } from '../errors';
import { localTable } from '../local-table';
import type { Synced } from '../runtime';
import { reloadInstances, takeAfterImages } from './after-image';
import { outgoingRows } from './outgoing';
import { linksToSend } from './removed-links';
import type { SyncedInstance } from './save';
import { send } from './send';
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
  await send(
    write,
    unsent.map((step) => ({ step })),
  );
  await keepKeys(write, rows, steps);
  const records = steps.flatMap(({ after }) => after ?? []);
  await takeAfterImages(write, instances, { records, askedAt });
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
    sent: sent[index] ?? {},
    key: takesKeys ? (instance.legacyId ?? '') : '',
    savepoints,
    after: undefined,
    isOver: false,
  }));
}

/** Whether a record may be created under a key of ours; the service chooses those of links. */
export function takesClientKeys({ runtime, mapping }: Synced): boolean {
  return runtime.client.dialect.clientKeys !== 'no' && !mapping.link;
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
async function keepKeys(
  write: SyncedWrite,
  rows: readonly CreatedRow[],
  steps: readonly CreateStep[],
): Promise<void> {
  const chosen = steps.filter(({ key }, index) => key !== rows[index]?.instance.legacyId);
  if (chosen.length > 0) await storeLegacyIds(write, chosen);
}

/** Give rows their legacy keys, by one statement. */
export async function storeLegacyIds(
  { runtime, mapping, place }: Pick<SyncedWrite, 'runtime' | 'mapping' | 'place'>,
  rows: readonly { readonly id: unknown; readonly key: string }[],
): Promise<void> {
  const { name, columns: t, primaryKeyType } = await localTable(runtime.pool, mapping);
  await place.sequelize.query(
    `
UPDATE ${name} AS t SET ${t.legacyId} = i.key
  FROM jsonb_to_recordset($1::jsonb) AS i(id ${primaryKeyType}, key uuid)
 WHERE t.${t.primaryKey} = i.id`,
    {
      bind: [JSON.stringify(rows.map(({ id, key }) => ({ id: String(id), key })))],
      type: QueryTypes.UPDATE,
      transaction: place.transaction,
    },
  );
}
