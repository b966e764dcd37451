import type { LegacyChanges, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import { SyncError, UnmappedFieldError } from '../errors';
import { idText, legacyKeys } from '../query/bound-of-options';
import type { Place, Runtime } from '../runtime';
import { sameValue } from './images';

/** Local values by attribute. */
export type LocalValues = Readonly<Record<string, unknown>>;

/** What of one row is to be sent. */
export interface OutgoingRow {
  /** Those that are never sent are left out. */
  readonly attributes: readonly MappedAttribute[];
  readonly values: LocalValues;
}

/** By mapping of a lookup: legacy keys by local primary key as text. */
type Keys = ReadonlyMap<Mapping, ReadonlyMap<string, string | null>>;

/**
 * Turn the local values of rows into what is sent, by property name; foreign keys become legacy keys,
 * by one statement for each model that is referred to.
 *
 * @throws SyncError when a foreign key refers to a row that the legacy system does not have, or a
 * value does not fit its field.
 */
export async function outgoingRows(
  runtime: Runtime,
  place: Place,
  write: {
    readonly mapping: Mapping;
    readonly operation: 'create' | 'update';
    readonly rows: readonly OutgoingRow[];
  },
): Promise<LegacyChanges[]> {
  const { mapping, operation, rows } = write;
  const keys = await keysReferredTo(runtime, place, rows);
  return rows.map(({ attributes, values }) => {
    const sent: Record<string, LegacyValue> = {};
    for (const mapped of attributes) {
      if (isStateOf(mapping, mapped)) refuseState(mapping, mapped, values[mapped.attribute]);
      if (!mapped.sent) continue;
      sent[mapped.property.name] = outgoingValue(mapping, mapped, {
        value: values[mapped.attribute],
        keys,
      });
    }
    const changed = mapping.definition.toLegacy?.(sent, { model: mapping.name, operation });
    if (changed) requireKnown(mapping, Object.keys(changed));
    return changed ?? sent;
  });
}

function isStateOf({ deactivation }: Mapping, { property }: MappedAttribute): boolean {
  return property.name === deactivation?.property.name;
}

/** @throws SyncError for a state that would take the record away: rows that are here are active. */
function refuseState(
  { name, deactivation }: Mapping,
  mapped: MappedAttribute,
  value: unknown,
): void {
  if (!deactivation || value === null || value === undefined) return;
  const { kind } = mapped.property;
  if (sameValue(outgoing(name, mapped, value), deactivation.active, kind)) return;
  throw new SyncError(
    `${mapped.attribute} says whether the record counts as there, and is changed by destroy() and ` +
      `restore() only.`,
    { model: name },
  );
}

/** The same of one row. */
export async function outgoingValues(
  runtime: Runtime,
  place: Place,
  write: OutgoingRow & { readonly mapping: Mapping; readonly operation: 'create' | 'update' },
): Promise<LegacyChanges> {
  const { mapping, operation, attributes, values } = write;
  const rows = [{ attributes, values }];
  const [sent] = await outgoingRows(runtime, place, { mapping, operation, rows });
  return sent ?? {};
}

async function keysReferredTo(
  runtime: Runtime,
  place: Place,
  rows: readonly OutgoingRow[],
): Promise<Keys> {
  const wanted = new Map<Mapping, Map<string, unknown>>();
  for (const { attributes, values } of rows) {
    for (const { attribute, target, sent } of attributes) {
      const id = values[attribute];
      if (!sent || !target || id === null || id === undefined) continue;
      const ids = wanted.get(target) ?? new Map<string, unknown>();
      wanted.set(target, ids.set(idText(id), id));
    }
  }
  const keys = new Map<Mapping, ReadonlyMap<string, string | null>>();
  for (const [mapping, ids] of wanted) {
    keys.set(mapping, await legacyKeys(runtime, place, { mapping, ids: [...ids.values()] }));
  }
  return keys;
}

function requireKnown(mapping: Mapping, names: readonly string[]): void {
  const known = new Set(mapping.entity.properties.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UnmappedFieldError(unknown, { model: mapping.name });
}

function outgoingValue(
  mapping: Mapping,
  mapped: MappedAttribute,
  { value, keys }: { readonly value: unknown; readonly keys: Keys },
): LegacyValue {
  if (mapped.target && value !== null && value !== undefined) {
    const key = keys.get(mapped.target)?.get(idText(value));
    if (key) return key;
    throw new SyncError(
      `${mapped.attribute} refers to a ${mapped.target.name} that the legacy system does not have. ` +
        `Save that one first, without skipLegacy.`,
      { model: mapping.name },
    );
  }
  return outgoing(mapping.name, mapped, value);
}

function outgoing(model: string, mapped: MappedAttribute, value: unknown): LegacyValue {
  try {
    return mapped.toLegacy(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyncError(`${mapped.attribute} cannot be sent: ${reason}`, { model, cause: error });
  }
}
