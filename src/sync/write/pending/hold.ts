import { QueryTypes } from 'sequelize';
import { localTable } from '../../local-table';
import { idText } from '../../query/bound-of-options';
import { attributesSql } from '../../refresh/own-image';
import { takeUnchanged } from '../after-image';
import type { SyncedInstance } from '../save';
import type { StoredRow } from '../stored-row';
import { idOf, type SyncedWrite } from '../synced-write';
import { noteMixed } from '../vouched';

/** Rows whose writes wait. */
export interface HeldRows {
  /** By primary key as text. */
  readonly held: ReadonlyMap<string, StoredRow>;
  /** The instances that hold all of their rows. */
  readonly whole: ReadonlySet<SyncedInstance>;
}

/**
 * Have rows count as in step with the legacy system until their writes are sent. Only this transaction
 * sees them so, and the after-images replace both stamps. The version goes: what is read until then,
 * and kept when all is rolled back, is of no version of the record.
 */
export async function holdPending(
  { runtime, mapping, place }: SyncedWrite,
  instances: readonly SyncedInstance[],
): Promise<HeldRows> {
  const table = await localTable(runtime.pool, mapping);
  const { name, columns: t, primaryKeyType } = table;
  const rows = await place.sequelize.query<Record<string, unknown>>(
    `
UPDATE ${name} AS t SET ${t.legacyModifiedAt} = t.${t.modifiedAt}, ${t.legacyVersion} = NULL
 WHERE t.${t.primaryKey} = ANY ($1::${primaryKeyType}[])
RETURNING ${attributesSql({ mapping, local: table }, 't')}`,
    {
      bind: [instances.map((instance) => String(idOf(instance)))],
      type: QueryTypes.SELECT,
      transaction: place.transaction,
    },
  );
  const key = mapping.model.primaryKeyAttribute;
  const held = new Map(rows.map((row) => [idText(row[key]), row]));
  const whole = new Set<SyncedInstance>();
  for (const instance of instances) {
    const row = held.get(idText(idOf(instance))) ?? {};
    if (takeUnchanged(instance, row)) whole.add(instance);
    // NOTE: a savepoint that is rolled back leaves it with values that the record never had.
    noteMixed(instance, true);
  }
  return { held, whole };
}
