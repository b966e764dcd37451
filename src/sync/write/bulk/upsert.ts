import { randomUUID } from 'node:crypto';
import type { Model } from 'sequelize';
import { idText } from '../../query/bound-of-options';
import { createRecords } from '../create';
import type { SyncedInstance } from '../save';
import { takeStored } from '../stored-row';
import { idOf, inSyncedWrite, type SyncedWrite } from '../synced-write';
import { changedAttributes, sendChanges } from './changes';
import { lockClashing, refreshClashing } from './duplicates';
import { currentRows, type LockedRows } from './locked-rows';
import { OwnStatement } from './own-statement';
import { sendMet } from './met-rows';
import { restamp } from './restamp';
import { clashes } from './unique-values';
import type { BulkCall, BulkOptions } from './update';

/** The options of `upsert` that the sync layer looks at. */
export interface UpsertOptions extends BulkOptions {
  conflictFields?: string[];
}

type Upserted = [Model, boolean | null];

/** An insert that becomes an update when the row is there already. */
export interface Upsert extends BulkCall<UpsertOptions> {
  readonly values: Readonly<Record<string, unknown>>;
  /** Sequelize's own call, which stays local. */
  readonly run: (
    values: Readonly<Record<string, unknown>>,
    options: UpsertOptions,
  ) => Promise<Upserted>;
}

/** Insert or update a row on both sides or on neither. */
export async function upsertBoth(call: Upsert): Promise<Upserted> {
  const { synced, model, values, options, run } = call;
  return inSyncedWrite(synced, options, async (write) => {
    const built = model.build(values as never);
    const changed = built.changed();
    const found = clashes(model, givenValues(call, built), options.conflictFields);
    await refreshClashing(write, found);
    const known = await lockClashing(write, found);
    const legacyId = (values.legacyId as string | null | undefined) ?? randomUUID();
    // A row that is there already keeps its key.
    const fields = (options.fields ?? (changed === false ? [] : changed)).filter(
      (name) => name !== 'legacyId',
    );
    const { transaction } = write;
    const result = await new OwnStatement().run(() =>
      run({ ...values, legacyId }, { ...options, fields, transaction }),
    );
    const instance = result[0] as SyncedInstance;
    await sendUpserted(write, { instance, legacyId, known, fields });
    return result;
  });
}

/** The values by which a row may be there already: a primary key that is made now is not. */
function givenValues({ model, values }: Upsert, built: Model): Record<string, unknown> {
  const key = model.primaryKeyAttribute;
  return { ...(built.dataValues as Record<string, unknown>), [key]: values[key] };
}

interface Sending {
  readonly instance: SyncedInstance;
  /** The key that the row has if it was inserted. */
  readonly legacyId: string;
  readonly known: LockedRows;
  /** What was set in a row that was there. */
  readonly fields: readonly string[];
}

async function sendUpserted(
  write: SyncedWrite,
  { instance, legacyId, known, fields }: Sending,
): Promise<void> {
  const [row] = await currentRows(write, {
    [write.mapping.model.primaryKeyAttribute]: idOf(instance),
  });
  if (!row) return;
  const old = known.before.find((one) => idText(idOf(one)) === idText(idOf(row)));
  takeStored(instance, row.dataValues as Record<string, unknown>);
  // Sequelize leaves what it has stored marked as changed, and what is changed is not overwritten.
  for (const name of instance.changed() || []) instance.changed(name as never, false);
  if (!old && row.legacyId === legacyId.toLowerCase()) {
    return createRecords(write, [{ instance, wasNew: true }]);
  }
  if (old && changedAttributes(write, old, row).length === 0) await restamp(write, old);
  if (!old) await sendMet(write, [row], fields);
  const { after } = await sendChanges(write, known);
  const current = old ? after.get(idText(idOf(row))) : row;
  if (!current) return;
  await write.unit.follow(write.transaction, () => {
    takeStored(instance, current.dataValues as Record<string, unknown>);
  });
}
