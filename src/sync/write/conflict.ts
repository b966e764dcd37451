import type { LegacyRecord, LegacyValue } from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';
import { SyncConflictError, type FieldConflict } from '../errors';
import { sameValue, valueIn } from './images';
import { outgoingValues } from './outgoing';
import { idOf, type SyncedWrite } from './synced-write';
import type { ChangedInstance } from './update';

/**
 * Refuse a write by the migrator's conflict rule, when the legacy record is not as it was when this
 * instance was loaded.
 *
 * | rule | refused when the legacy side changed |
 * | --- | --- |
 * | `last-write-wins` | never: only the changed fields are sent, and they win |
 * | `merge` | a field that is being changed here, to another value |
 * | `reject` | any mapped field |
 *
 * @throws SyncConflictError with the three values of each field at fault.
 */
export async function refuseConflicts(
  write: SyncedWrite,
  { instance, changed, before }: ChangedInstance,
  current: LegacyRecord,
): Promise<void> {
  const { mapping } = write;
  const rule = mapping.definition.conflict ?? 'last-write-wins';
  if (rule === 'last-write-wins') return;
  const watched = (rule === 'merge' ? changed : mapping.attributes).filter(
    ({ attribute, sent }) => sent && before[attribute] !== undefined,
  );
  const based = await wireValues(write, watched, before);
  const wanted = await wireValues(write, changed, instance.get() as Record<string, unknown>);
  const conflicts: Record<string, FieldConflict> = {};
  for (const mapped of watched) {
    const { name, kind } = mapped.property;
    const base = based[name] ?? null;
    const legacy = valueIn(current, mapped);
    const local = name in wanted ? (wanted[name] ?? null) : base;
    if (sameValue(base, legacy, kind) || sameValue(local, legacy, kind)) continue;
    conflicts[mapped.attribute] = { base, local, legacy };
  }
  if (Object.keys(conflicts).length === 0) return;
  throw new SyncConflictError(conflicts, {
    model: mapping.name,
    id: idOf(instance),
    legacyId: instance.legacyId,
  });
}

async function wireValues(
  { runtime, mapping, place }: SyncedWrite,
  attributes: readonly MappedAttribute[],
  values: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, LegacyValue>>> {
  return outgoingValues(runtime, place, { mapping, operation: 'update', attributes, values });
}
