import { ForeignKeyConstraintError, QueryTypes, type Model, type Transaction } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { revision } from '../../revisions';
import { RejectedRecordError, SyncError } from '../errors';
import { applyAnswer } from '../refresh/apply';
import { linkDeferred } from '../refresh/parents';
import { writeScope } from '../refresh/scope';
import { noteKnown } from '../refresh/store';
import { everyRecordOf } from '../../mapping';
import { tryLocks } from '../open-intents';
import { recordIfThere } from '../refresh/fetch';
import { activeState } from '../states';
import type { Runtime, Synced } from '../runtime';
import { removeRecord } from '../write/links';
import { pushRows } from '../write/push';
import { inSyncedWrite } from '../write/synced-write';
import { findOnBothSides, type Found, type TwoSides } from './two-sides';

/** The side that is right: the other one is made like it. */
export type RightSide = 'local' | 'legacy';

/**
 * Make both sides of a record equal, in the direction that an operator has chosen, and forget its
 * open writes: they are settled by this choice.
 *
 * | the right side | has the record | has it not |
 * | --- | --- | --- |
 * | `'local'` | the legacy record is set to it, or created, under a new key | the legacy record is deleted |
 * | `'legacy'` | the row is set to it, or created | the row is deleted |
 *
 * Where the migrator says `onDestroy: 'deactivate'`, a record is made inactive instead of deleted, and
 * active again instead of created.
 *
 * The change is noted in a revision with the comment `repair: … is right`.
 *
 * @param key - the local primary key, or else the legacy key.
 * @returns both sides afterwards.
 * @throws SyncError when a write on the record is under way, or somebody else is settling one.
 */
export async function repair(synced: Synced, key: string, right: RightSide): Promise<TwoSides> {
  const found = await findOnBothSides(synced, key);
  const { openWrites, model, id, legacyId } = found.sides;
  if (openWrites.some(({ isUnderWay }) => isUnderWay)) {
    throw new SyncError('A write on this record is under way. Wait for its end, and look again.', {
      model,
      id,
      legacyId,
    });
  }
  await revision({ comment: `repair: the ${right} side is right` }, () =>
    withoutOpenWrites(synced.runtime, found, () =>
      joinedWithRecord(found, () =>
        right === 'legacy' ? takeLegacy(synced, found) : takeLocal(synced, found),
      ),
    ),
  );
  return (await findAgain(synced, found)) ?? gone(found.sides);
}

/**
 * Take the open writes of a record out while a body runs; when it fails they are put back, so that
 * the record stays in doubt.
 */
async function withoutOpenWrites(
  { pool }: Runtime,
  { sides }: Found,
  body: () => Promise<void>,
): Promise<void> {
  const ids = sides.openWrites.map(({ intentId }) => intentId);
  const rows = await pool.transaction({ transaction: null }, async (transaction) => {
    if (!(await tryLocks({ pool }, transaction, ids))) {
      throw new SyncError('Somebody else is settling a write on this record. Look again.', sides);
    }
    return pool.query(
      'DELETE FROM dual_write_intents AS i WHERE i.id = ANY ($1::bigint[]) RETURNING to_jsonb(i) AS row',
      { bind: [ids], type: QueryTypes.SELECT, transaction },
    );
  });
  try {
    await body();
  } catch (error) {
    await pool.query(
      `INSERT INTO dual_write_intents
       SELECT r.* FROM jsonb_array_elements($1::jsonb) AS e,
         jsonb_populate_record(NULL::dual_write_intents, e->'row') AS r
       ON CONFLICT (id) DO NOTHING`,
      { bind: [JSON.stringify(rows)], transaction: null },
    );
    throw error;
  }
}

/** The row gets the key of the record that an open create has made of it, unless the body fails. */
async function joinedWithRecord(
  { sides, row, record }: Found,
  body: () => Promise<void>,
): Promise<void> {
  if (!row || !record || row.get('legacyId') === sides.legacyId) return body();
  const own = { legacyId: row.get('legacyId'), legacyModifiedAt: row.get('legacyModifiedAt') };
  const before = { ...own, legacyVersion: row.get('legacyVersion') };
  await setHereOnly(row, { legacyId: sides.legacyId, legacyModifiedAt: null, legacyVersion: null });
  try {
    await body();
  } catch (error) {
    await setHereOnly(row, before);
    throw error;
  }
}

async function setHereOnly(row: Model, values: Readonly<Record<string, unknown>>): Promise<void> {
  row.set(values);
  await row.save({ silent: true, hooks: false, skipLegacy: true, transaction: null });
}

async function takeLegacy(synced: Synced, { sides, row, record, askedAt }: Found): Promise<void> {
  await inSyncedWrite(synced, { transaction: null }, async ({ transaction, mapping, place }) => {
    if (record) {
      const scope = writeScope(synced.runtime, transaction);
      const answer = { mapping, records: [record], askedAt, isOwnWrite: true };
      const applied = await applyAnswer(scope, answer);
      const dangling = await linkDeferred(scope);
      const [rejected] = [...applied.rejected, ...dangling.flatMap(({ records }) => records)];
      if (rejected) throw new RejectedRecordError(mapping.name, [rejected]);
      return;
    }
    if (row && sides.isLocal) await destroyHereOnly(row, transaction, sides);
    const { legacyId } = sides;
    if (legacyId === null) return;
    const known = { model: mapping.name, keys: [legacyId], askedAt, gone: true };
    await noteKnown({ ...place, transaction }, known);
  });
}

/** @throws SyncError while other rows refer to this one. */
async function destroyHereOnly(
  row: Model,
  transaction: Transaction,
  sides: TwoSides,
): Promise<void> {
  try {
    await row.destroy({ transaction, skipLegacy: true });
  } catch (cause) {
    if (!(cause instanceof ForeignKeyConstraintError)) throw cause;
    throw new SyncError(
      `The row must go, but other rows here refer to this one (${cause.index ?? cause.message}). ` +
        'Nothing was changed. Read, repair or destroy those first; or take the local side.',
      { ...sides, cause },
    );
  }
}

async function takeLocal(synced: Synced, { sides, row, record }: Found): Promise<void> {
  if (!row || !sides.isLocal) return deleteRecord(synced, record);
  if (!record && sides.legacyId !== null) {
    const isBack = await reactivateRecord(synced, sides.legacyId);
    if (!isBack) await forgetLegacyKey(row);
  }
  const { id, legacyId } = sides;
  const ahead = { id, legacyId, localModifiedAt: null, legacyModifiedAt: null };
  await pushRows(synced, [ahead], undefined);
}

async function deleteRecord(
  { runtime, mapping }: Synced,
  record: LegacyRecord | undefined,
): Promise<void> {
  if (!record) return;
  const condition = record.version === null ? {} : { ifMatch: record.version };
  await removeRecord(runtime.client, { mapping, ...record }, condition);
}

/** Make a record active again that was made inactive; false where there is none. */
async function reactivateRecord({ runtime, mapping }: Synced, key: string): Promise<boolean> {
  const { deactivation, entity } = mapping;
  const every = { entity: everyRecordOf(mapping) };
  const record = deactivation && (await recordIfThere(runtime, every, key));
  if (!record) return false;
  const condition = record.version === null ? {} : { ifMatch: record.version };
  await runtime.client.update(entity, key, activeState(deactivation), condition);
  return true;
}

/** The record is gone for good: the row gets a new one, under a new key. */
async function forgetLegacyKey(row: Model): Promise<void> {
  await setHereOnly(row, { legacyId: null, legacyModifiedAt: null, legacyVersion: null });
}

async function findAgain(synced: Synced, { sides }: Found): Promise<TwoSides | undefined> {
  try {
    return (await findOnBothSides(synced, sides.id ?? sides.legacyId ?? '')).sides;
  } catch (error) {
    if (error instanceof SyncError) return undefined;
    throw error;
  }
}

function gone(before: TwoSides): TwoSides {
  return {
    ...before,
    isLocal: false,
    isLegacy: false,
    isAhead: false,
    fields: [],
    rejected: null,
    openWrites: [],
  };
}
