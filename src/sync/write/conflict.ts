import type { LegacyChanges, LegacyRecord } from '../../../legacy-client';
import type { MappedAttribute } from '../../mapping';
import { SyncConflictError, type FieldConflict } from '../errors';
import { sameValue, valueIn } from './images';
import { outgoingRows, type OutgoingRow } from './outgoing';
import { idOf, type SyncedWrite } from './synced-write';
import type { ChangedRow } from './update';

/** A changed row, and its legacy record as it is now. */
interface Met {
  readonly row: ChangedRow;
  readonly image: LegacyRecord;
}

/**
 * Refuse a write by the migrator's conflict rule, when a legacy record is not as it was when its
 * instance was loaded.
 *
 * | rule | refused when the legacy side changed |
 * | --- | --- |
 * | `last-write-wins` | never: only the changed fields are sent, and they win |
 * | `merge` | a field that is being changed here, to another value |
 * | `reject` | any mapped field |
 *
 * @throws SyncConflictError with the three values of each field at fault, of the first such record.
 */
export async function refuseConflicts(write: SyncedWrite, met: readonly Met[]): Promise<void> {
  const { mapping } = write;
  const rule = mapping.definition.conflict ?? 'last-write-wins';
  if (rule === 'last-write-wins') return;
  const watched = met.map(({ row }) =>
    (rule === 'merge' ? row.changed : mapping.attributes).filter(
      ({ attribute, sent }) => sent && row.before[attribute] !== undefined,
    ),
  );
  const based = await wireValues(
    write,
    met.map(({ row }, index) => ({ attributes: watched[index] ?? [], values: row.before })),
  );
  const wanted = await wireValues(
    write,
    met.map(({ row }) => ({
      attributes: row.changed,
      values: row.instance.get() as Record<string, unknown>,
    })),
  );
  met.forEach((one, index) => {
    refuseConflict(write, one, {
      watched: watched[index] ?? [],
      base: based[index] ?? {},
      wanted: wanted[index] ?? {},
    });
  });
}

function refuseConflict(
  { mapping }: SyncedWrite,
  { row, image }: Met,
  sides: {
    readonly watched: readonly MappedAttribute[];
    readonly base: LegacyChanges;
    readonly wanted: LegacyChanges;
  },
): void {
  const conflicts: Record<string, FieldConflict> = {};
  for (const mapped of sides.watched) {
    const { name, kind } = mapped.property;
    const base = sides.base[name] ?? null;
    const legacy = valueIn(image, mapped);
    const local = name in sides.wanted ? (sides.wanted[name] ?? null) : base;
    if (sameValue(base, legacy, kind) || sameValue(local, legacy, kind)) continue;
    conflicts[mapped.attribute] = { base, local, legacy };
  }
  if (Object.keys(conflicts).length === 0) return;
  throw new SyncConflictError(conflicts, {
    model: mapping.name,
    id: idOf(row.instance),
    legacyId: row.instance.legacyId,
  });
}

async function wireValues(
  { runtime, mapping, place }: SyncedWrite,
  rows: readonly OutgoingRow[],
): Promise<LegacyChanges[]> {
  return outgoingRows(runtime, place, { mapping, operation: 'update', rows });
}
