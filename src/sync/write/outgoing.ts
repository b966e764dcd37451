import type { LegacyChanges, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute, Mapping } from '../../mapping';
import { SyncError, UnmappedFieldError } from '../errors';
import { idText, legacyKeys } from '../query/bound-of-options';
import type { Place, Runtime } from '../runtime';

/** Local values by attribute. */
export type LocalValues = Readonly<Record<string, unknown>>;

/**
 * Turn local values into what is sent, by property name; foreign keys become legacy keys.
 *
 * @param attributes - which attributes to send; those that are never sent are left out.
 * @throws SyncError when a foreign key refers to a row that the legacy system does not have, or a
 * value does not fit its field.
 */
export async function outgoingValues(
  runtime: Runtime,
  place: Place,
  write: {
    readonly mapping: Mapping;
    readonly operation: 'create' | 'update';
    readonly attributes: readonly MappedAttribute[];
    readonly values: LocalValues;
  },
): Promise<LegacyChanges> {
  const { mapping, operation } = write;
  const sent: Record<string, LegacyValue> = {};
  for (const mapped of write.attributes) {
    if (!mapped.sent) continue;
    sent[mapped.property.name] = await outgoingValue(runtime, place, { ...write, mapped });
  }
  const changed = mapping.definition.toLegacy?.(sent, { model: mapping.name, operation });
  if (changed) requireKnown(mapping, Object.keys(changed));
  return changed ?? sent;
}

function requireKnown(mapping: Mapping, names: readonly string[]): void {
  const known = new Set(mapping.entity.properties.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UnmappedFieldError(unknown, { model: mapping.name });
}

async function outgoingValue(
  runtime: Runtime,
  place: Place,
  write: {
    readonly mapping: Mapping;
    readonly mapped: MappedAttribute;
    readonly values: LocalValues;
  },
): Promise<LegacyValue> {
  const { mapped, mapping } = write;
  const value = write.values[mapped.attribute] as string | number | null | undefined;
  if (mapped.target && value !== null && value !== undefined) {
    const keys = await legacyKeys(runtime, place, { mapping: mapped.target, ids: [value] });
    const key = keys.get(idText(value));
    if (key) return key;
    throw new SyncError(
      `${mapped.attribute} refers to a ${mapped.target.name} that the legacy system does not have. ` +
        `Save that one first, without skipLegacy.`,
      { model: mapping.name },
    );
  }
  try {
    return mapped.toLegacy(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyncError(`${mapped.attribute} cannot be sent: ${reason}`, {
      model: mapping.name,
      cause: error,
    });
  }
}
