import { QueryTypes, type Model, type WhereOptions } from 'sequelize';
import type { LegacyChanges, LegacyRecord, LegacyValue } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { SyncError } from '../errors';
import { recordIfThere } from '../refresh/fetch';
import type { Runtime, Synced } from '../runtime';
import { sameValue, valueIn } from '../write/images';
import { outgoingValues, type OutgoingRow } from '../write/outgoing';
import { idOf } from '../write/synced-write';
import { keysCreatedFor, openWrites, type OpenWrite } from './open-writes';

/** One mapped attribute on both sides, as it goes over the wire. */
export interface ComparedField {
  readonly attribute: string;
  /** The legacy property. */
  readonly property: string;
  /** Null also when there is no local row; the local value as text where it cannot be sent. */
  readonly local: LegacyValue;
  /** Null also when there is no legacy record. */
  readonly legacy: LegacyValue;
  readonly differs: boolean;
}

/** One record as both stores have it now. Plain data. */
export interface TwoSides {
  readonly model: string;
  /** The local primary key as text; null when there is no local row. */
  readonly id: string | null;
  /** The legacy key; null for a row that the legacy system has never had. */
  readonly legacyId: string | null;
  /** A row that is soft-deleted counts as not here. */
  readonly isLocal: boolean;
  readonly isLegacy: boolean;
  /** The row has local changes that the legacy system does not have, by its stamps. */
  readonly isAhead: boolean;
  readonly fields: readonly ComparedField[];
  /** Why the local table could not take the record; null when it could. */
  readonly rejected: string | null;
  readonly openWrites: readonly OpenWrite[];
}

/** The same, with what a repair works on. */
export interface Found {
  readonly sides: TwoSides;
  readonly row: Model | null;
  readonly record: LegacyRecord | undefined;
  /** When the record was asked for, by the database's clock. */
  readonly askedAt: Date;
}

/**
 * Look at a record on both sides. Nothing is changed.
 *
 * @param key - the local primary key, or else the legacy key.
 * @throws SyncError when neither side, nor an open write, knows of such a record.
 */
export async function findOnBothSides({ runtime, mapping }: Synced, key: string): Promise<Found> {
  await runtime.prepared.require(mapping.name);
  const row = await localRow(runtime, mapping, key);
  const id = row && String(idOf(row));
  const askedAt = await runtime.clock.now();
  const { legacyId, record } = await recordOf({ runtime, mapping }, id ?? key, {
    legacyId: row ? legacyIdOf(row) : guidOf(key),
  });
  const shown = row && !isSoftDeleted(row) ? row : null;
  const fields = await comparedFields(runtime, mapping, { row: shown, record });
  const ends = endsOf(mapping, fields);
  const open = await openWrites(runtime, mapping, { id: id ?? key, legacyId, ends });
  if (!row && !record && open.length === 0) {
    throw new SyncError('Neither side knows a record of this key.', {
      model: mapping.name,
      id: key,
    });
  }
  const sides: TwoSides = {
    model: mapping.name,
    id,
    legacyId,
    isLocal: shown !== null,
    isLegacy: record !== undefined,
    isAhead: shown !== null && isAhead(shown),
    fields,
    rejected: await rejectedReason(runtime, mapping, legacyId),
    openWrites: open,
  };
  return { sides, row, record, askedAt };
}

/** The record under the key that is known; else under one that an open create of the row has used. */
async function recordOf(
  { runtime, mapping }: Synced,
  id: string,
  { legacyId }: { readonly legacyId: string | null },
): Promise<{ readonly legacyId: string | null; readonly record: LegacyRecord | undefined }> {
  const known = legacyId === null ? undefined : await recordIfThere(runtime, mapping, legacyId);
  if (known) return { legacyId, record: known };
  for (const key of await keysCreatedFor(runtime, mapping, id)) {
    const record = await recordIfThere(runtime, mapping, key);
    if (record) return { legacyId: key, record };
  }
  return { legacyId, record: undefined };
}

/** The keys at both ends of a link. */
function endsOf(
  { link }: Mapping,
  fields: readonly ComparedField[],
): Record<string, LegacyValue> | undefined {
  const ends = fields.map(({ property, local, legacy }) => [property, legacy ?? local] as const);
  const isKnown = link && ends.every(([, key]) => key !== null);
  return isKnown ? Object.fromEntries(ends) : undefined;
}

async function localRow(
  { sequelize }: Runtime,
  { model }: Mapping,
  key: string,
): Promise<Model | null> {
  const primaryKey = model.primaryKeyAttribute;
  const field = model.getAttributes()[primaryKey]?.field ?? primaryKey;
  const options = { paranoid: false, skipLegacy: true, useMaster: true, transaction: null };
  // As text, because a key of another kind is simply not there.
  const asText = sequelize.where(sequelize.cast(sequelize.col(field), 'text'), key);
  const found = await model.unscoped().findOne({ ...options, where: asText });
  const legacyId = guidOf(key);
  if (found || legacyId === null) return found;
  const byLegacyId = { legacyId } as WhereOptions;
  return model.unscoped().findOne({ ...options, where: byLegacyId });
}

function guidOf(text: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null;
}

function legacyIdOf(row: Model): string | null {
  return (row.get('legacyId') as string | null | undefined) ?? null;
}

function isSoftDeleted(row: Model): boolean {
  const { options } = row.constructor as unknown as { options: { paranoid?: boolean } };
  return options.paranoid === true && row.isSoftDeleted();
}

function isAhead(row: Model): boolean {
  const legacyModifiedAt = row.get('legacyModifiedAt') as Date | null;
  const modifiedAt = row.get('modifiedAt') as Date | null;
  return !legacyModifiedAt || (modifiedAt !== null && modifiedAt > legacyModifiedAt);
}

async function comparedFields(
  runtime: Runtime,
  mapping: Mapping,
  { row, record }: { readonly row: Model | null; readonly record: LegacyRecord | undefined },
): Promise<ComparedField[]> {
  const attributes = mapping.attributes.filter(({ sent }) => sent);
  const values = row?.get() as Record<string, unknown> | undefined;
  const wire = values ? await shownValues(runtime, mapping, { attributes, values }) : {};
  return attributes.map((mapped) => {
    const { name, kind } = mapped.property;
    const local = wire[name] ?? null;
    const legacy = record ? valueIn(record, mapped) : null;
    const differs = !sameValue(local, legacy, kind);
    return { attribute: mapped.attribute, property: name, local, legacy, differs };
  });
}

/** What would be sent of a row; of what cannot be sent, the local value as text. */
async function shownValues(
  runtime: Runtime,
  mapping: Mapping,
  { attributes, values }: OutgoingRow,
): Promise<LegacyChanges> {
  const place = { sequelize: runtime.pool, transaction: null };
  const outgoing = { mapping, operation: 'update' as const, values };
  try {
    return await outgoingValues(runtime, place, { ...outgoing, attributes });
  } catch (error) {
    const [mapped, ...others] = attributes;
    if (!(error instanceof SyncError) || !mapped) throw error;
    if (others.length === 0) {
      return { [mapped.property.name]: shownText(values[mapped.attribute]) };
    }
  }
  const each = attributes.map((mapped) =>
    shownValues(runtime, mapping, { attributes: [mapped], values }),
  );
  return Object.assign({}, ...(await Promise.all(each))) as LegacyChanges;
}

function shownText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function rejectedReason(
  { pool }: Runtime,
  mapping: Mapping,
  legacyId: string | null,
): Promise<string | null> {
  const [row] = await pool.query<{ reason: string }>(
    'SELECT reason FROM dual_write_rejected WHERE model = $1 AND legacy_id = $2',
    { bind: [mapping.name, legacyId], type: QueryTypes.SELECT, transaction: null },
  );
  return row?.reason ?? null;
}
