import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'sequelize';
import type { LegacyRecord } from '../../../legacy-client';
import { historyOf, type RecordKey } from '../../model/history';
import { versionedModel } from '../../model/versioned-model';
import type { MappedAttribute } from '../../mapping';
import { idText, legacyKeys } from '../query/bound-of-options';
import { applyAnswer } from '../refresh/apply';
import { linkDeferred } from '../refresh/parents';
import { isDataError } from '../refresh/rejected';
import { writeScope } from '../refresh/scope';
import { refreshComment } from '../refresh/store';
import { openSavepoint } from '../savepoint';
import type { LocalValues } from './outgoing';
import { sameValue, valueIn } from './images';
import { idOf, type SyncedWrite } from './synced-write';
import type { ChangedRow } from './update';

/** A changed row, and its legacy record as it was found. */
export interface FoundRecord {
  readonly row: ChangedRow;
  readonly image: LegacyRecord;
}

/**
 * Keep a version of each record that the legacy system has changed since its row was loaded: the write
 * that follows is going to overwrite something of it.
 */
export async function keepOverwritten(
  write: SyncedWrite,
  found: readonly FoundRecord[],
  askedAt: Date,
): Promise<void> {
  for (const one of found) {
    if (await hasMoved(write, one)) await keepVersion(write, one, askedAt);
  }
}

/** Whether the legacy system has changed a record, as far as what was loaded can tell. */
async function hasMoved(write: SyncedWrite, { row, image }: FoundRecord): Promise<boolean> {
  const { before } = row;
  const { legacyModifiedAt: stamp, modifiedAt } = before;
  const loaded = write.mapping.attributes.filter(
    ({ attribute, comparable }) => before[attribute] !== undefined && comparable !== 'none',
  );
  const isStamped = stamp instanceof Date && image.modifiedOn !== null;
  const isSameStamp = isStamped && stamp.getTime() === image.modifiedOn.getTime();
  // What a skipped write has left is no change of the legacy system's.
  const isAhead = stamp instanceof Date && modifiedAt instanceof Date && modifiedAt > stamp;
  if (isSameStamp && isAhead) return false;
  const own = loaded.filter(({ target }) => !target);
  if (own.some((mapped) => !isSame(mapped, before[mapped.attribute], image))) return true;
  // Stamps may have whole seconds; to look references up for that would be too much.
  if (isSameStamp) return false;
  for (const mapped of loaded) {
    if (!(await refersToTheSame(write, mapped, { row, image }))) return true;
  }
  return false;
}

function isSame(mapped: MappedAttribute, value: unknown, image: LegacyRecord): boolean {
  const legacy = valueIn(image, mapped);
  if (value === null || value === '') return legacy === null || legacy === '';
  try {
    return sameValue(mapped.toLegacy(value), legacy, mapped.property.kind);
  } catch {
    return false;
  }
}

async function refersToTheSame(
  { runtime, place }: SyncedWrite,
  mapped: MappedAttribute,
  { row, image }: FoundRecord,
): Promise<boolean> {
  const { target, attribute } = mapped;
  const id = row.before[attribute];
  if (!target) return true;
  const legacy = valueIn(image, mapped);
  if (id === null || legacy === null) return id === legacy;
  const keys = await legacyKeys(runtime, place, { mapping: target, ids: [id] });
  return sameValue(keys.get(idText(id)) ?? null, legacy, 'lookup');
}

/**
 * The row becomes for a moment what the legacy system had. What the history ends with already leaves
 * no version, nor does a record that does not fit.
 */
async function keepVersion(
  write: SyncedWrite,
  { row, image }: FoundRecord,
  askedAt: Date,
): Promise<void> {
  const savepoint = await openSavepoint(write.transaction);
  const key = { [write.mapping.model.primaryKeyAttribute]: idOf(row.instance) };
  let isKept = false;
  try {
    const values = await storedAs(write, savepoint, { image, askedAt });
    isKept = values !== undefined && !(await endsHistory(write, savepoint, { key, values }));
    if (isKept) await noteRefreshed(write, savepoint, key);
  } catch (error) {
    isKept = false;
    if (!isDataError(error)) throw error;
  } finally {
    await (isKept ? savepoint.commit() : savepoint.rollback());
  }
}

/** Store a record; gives its row's values, or undefined when it does not fit. */
async function storedAs(
  { runtime, mapping }: SyncedWrite,
  savepoint: Transaction,
  { image, askedAt }: { readonly image: LegacyRecord; readonly askedAt: Date },
): Promise<LocalValues | undefined> {
  const scope = writeScope(runtime, savepoint);
  let values: LocalValues | undefined;
  const answer = { mapping, records: [image], askedAt, isOwnWrite: true };
  const { rejected } = await applyAnswer(scope, {
    ...answer,
    onStored: (rows) => {
      values = rows[0]?.values;
    },
  });
  const dangling = await linkDeferred(scope);
  return rejected.length + dangling.length > 0 ? undefined : (values ?? {});
}

/** Whether the last version of a record says the same of all mapped attributes. */
async function endsHistory(
  { runtime, mapping }: SyncedWrite,
  transaction: Transaction,
  { key, values }: { readonly key: RecordKey; readonly values: LocalValues },
): Promise<boolean> {
  const subject = versionedModel(mapping.model);
  const moment = { time: new Date('9999-12-31T00:00:00Z'), key };
  const [last] = (await historyOf(runtime.sequelize)?.asOf(subject, moment, { transaction })) ?? [];
  return mapping.attributes.every(
    ({ attribute }) =>
      last !== undefined &&
      isDeepStrictEqual(last.values[attribute] ?? null, values[attribute] ?? null),
  );
}

async function noteRefreshed(
  { runtime, mapping: { model } }: SyncedWrite,
  savepoint: Transaction,
  key: RecordKey,
): Promise<void> {
  const revision = { comment: refreshComment };
  const change = { model, kind: 'updated', keys: [key], revision } as const;
  await historyOf(runtime.sequelize)?.note(savepoint, change);
}
