import type { Model } from 'sequelize';
import type { LegacyChanges, LegacyRecord, PropertyKind } from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';
import { SyncError } from '../errors';
import { localTable, type LocalTable } from '../local-table';
import { outgoingRows } from './outgoing';
import type { SyncedWrite } from './synced-write';
import type { ChangedRow } from './update';

/** Instances whose values were not all read together with the version that they hold. */
const mixed = new WeakSet<Model>();

/** Whether an instance holds values that its version says nothing of. */
export function isMixed(instance: Model): boolean {
  return mixed.has(instance);
}

/** Note whether all values of an instance belong to the version that it holds. */
export function noteMixed(instance: Model, hasOthers: boolean): void {
  if (hasOthers) mixed.add(instance);
  else mixed.delete(instance);
}

/**
 * The legacy record before an update, made of what the instance was loaded with: it is as it was,
 * when the service carries the update out on the condition that the version still is the same.
 *
 * @param known - what is sent; and whether the instance holds its row, with what it waits to send.
 * @returns undefined where the record must be read: the service has no versions, the row was ahead, a
 * hook decides what is sent, or a value may have lost something on its way into its column.
 */
export async function vouchedImage(
  write: SyncedWrite,
  row: ChangedRow,
  { sent, isHeld = false }: { readonly sent: LegacyChanges; readonly isHeld?: boolean },
): Promise<LegacyRecord | undefined> {
  const { runtime, mapping } = write;
  const { before, instance } = row;
  const { legacyVersion, legacyModifiedAt, modifiedAt } = before;
  const isHooked = 'toLegacy' in mapping.definition || 'fromLegacy' in mapping.definition;
  if ((isMixed(instance) && !isHeld) || isHooked || Object.keys(sent).length === 0)
    return undefined;
  if (typeof legacyVersion !== 'string' || !isInSync(modifiedAt, legacyModifiedAt)) {
    return undefined;
  }
  const table = await localTable(runtime.pool, mapping);
  const attributes = row.changed.filter((mapped) => mapped.sent);
  if (!attributes.every((one) => isKept(table, one, before[one.attribute]))) {
    return undefined;
  }
  const values = await valuesBefore(write, attributes, before);
  if (!values) return undefined;
  const key = String(instance.legacyId);
  return { key, values, version: legacyVersion, modifiedOn: null, createdOn: null, raw: {} };
}

/** Undefined when a value cannot be sent as it is: a reference to a row without a legacy record. */
async function valuesBefore(
  { runtime, mapping, place }: SyncedWrite,
  attributes: readonly MappedAttribute[],
  before: ChangedRow['before'],
): Promise<LegacyChanges | undefined> {
  const rows = [{ attributes, values: before }];
  try {
    return (await outgoingRows(runtime, place, { mapping, operation: 'update', rows }))[0];
  } catch (error) {
    if (error instanceof SyncError) return undefined;
    throw error;
  }
}

function isInSync(modifiedAt: unknown, legacyModifiedAt: unknown): boolean {
  return (
    modifiedAt instanceof Date &&
    legacyModifiedAt instanceof Date &&
    modifiedAt.getTime() <= legacyModifiedAt.getTime()
  );
}

const columnTypes: Readonly<Record<PropertyKind, RegExp>> = {
  string: /^(text|character varying)$/,
  integer: /^(smallint|integer|bigint)$/,
  // The number, or the one name that it has.
  optionSet: /./,
  boolean: /^boolean$/,
  dateTime: /^timestamp with time zone$/,
  dateOnly: /^date$/,
  guid: /^uuid$/,
  lookup: /./,
  // Services keep up to ten decimal places, and four of money.
  decimal: /^numeric(\(\d+,\d{2,}\))?$/,
  money: /^numeric(\(\d+,([4-9]|\d{2,})\))?$/,
};

/** Whether a column keeps exactly what the service has of a value. */
function isKept(
  table: LocalTable,
  { column, property, comparable }: MappedAttribute,
  value: unknown,
): boolean {
  if (value === undefined || comparable === 'none') return false;
  // A legacy null is '' where the column does not allow null.
  if (value === '') return false;
  return columnTypes[property.kind].test(table.typeOf(column) ?? '');
}
