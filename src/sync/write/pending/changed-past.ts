import { isDeepStrictEqual } from 'node:util';
import type { Mapping } from '../../../mapping';
import { idText } from '../../query/bound-of-options';
import { hasSkippedWrites } from '../../skipped-writes';
import type { LegacyUnit } from '../legacy-unit';
import { storedRows, type StoredRow } from '../stored-row';
import { isDestroy, type Planned, type PlannedSave } from './planned';

/** What skipped calls have done to rows after writes that wait. */
export interface ChangedPast {
  /** Rows that are not here any more. */
  readonly gone: ReadonlySet<string>;
  /** What is to stay as a skipped call has left it, by the key of the row. */
  readonly values: ReadonlyMap<string, StoredRow>;
}

/**
 * Find what skipped calls of the transaction have changed after writes that wait: the service knows
 * nothing of it, and it stays, ahead, as it does after writes that were sent at once.
 */
export async function changedPast(
  { transaction }: LegacyUnit,
  planned: readonly Planned[],
): Promise<ChangedPast> {
  const gone = new Set<string>();
  const values = new Map<string, StoredRow>();
  if (!hasSkippedWrites(transaction)) return { gone, values };
  const saves = planned.filter((one): one is PlannedSave => !isDestroy(one));
  for (const mapping of new Set(saves.map(({ step }) => step.mapping))) {
    const own = saves.filter(({ step }) => step.mapping === mapping);
    const instances = own.flatMap((one) => one.instances.slice(0, 1));
    const rows = await storedRows(instances, { transaction });
    for (const { key, step, held } of own) {
      const row = rows.get(idText(step.id));
      if (!row) gone.add(key);
      else if (isAhead(row)) values.set(key, differences(mapping, held, row));
    }
  }
  return { gone, values };
}

function isAhead({ modifiedAt, legacyModifiedAt }: StoredRow): boolean {
  return (
    modifiedAt instanceof Date &&
    legacyModifiedAt instanceof Date &&
    modifiedAt.getTime() > legacyModifiedAt.getTime()
  );
}

function differences({ attributes }: Mapping, before: StoredRow, after: StoredRow): StoredRow {
  const changed = attributes.filter(
    ({ attribute }) => !isDeepStrictEqual(before[attribute] ?? null, after[attribute] ?? null),
  );
  return Object.fromEntries(changed.map(({ attribute }) => [attribute, after[attribute]]));
}
