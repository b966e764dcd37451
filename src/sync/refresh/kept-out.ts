import { QueryTypes } from 'sequelize';
import type { RejectedRecord } from '../errors';
import type { Difference } from './compare';
import type { RefreshTable } from './input-sql';
import type { IncomingRow } from './row';
import { inWrite, type RefreshScope } from './scope';

/**
 * Tell whether a row is missing a second time after it was inserted without an error.
 *
 * @param missing - keys of rows that were missing once; it is added to.
 *
 * NOTE: an INSERT waits for another one of the same key, so the row would be here by now.
 */
export function isKeptOut(missing: Set<string>): (difference: Difference) => boolean {
  return ({ id, row: { key } }) => {
    if (id !== null) return false;
    const isAgain = missing.has(key);
    missing.add(key);
    return isAgain;
  };
}

/**
 * Tell whether a row stayed as it is although it was changed without an error.
 *
 * @param held - keys of the rows that the transaction of the change holds.
 */
export function isKeptAsItIs(held: ReadonlySet<string>): (difference: Difference) => boolean {
  return ({ id, row: { key } }) => id !== null && held.has(key);
}

/** Lock the rows of an own write that nobody else holds, and note them as held. */
export async function holdRows(
  scope: RefreshScope,
  { local: { name, columns: t } }: RefreshTable,
  { rows, held }: { readonly rows: readonly IncomingRow[]; readonly held: Set<string> },
): Promise<void> {
  const found = await inWrite(scope, ({ sequelize, transaction }) =>
    sequelize.query<{ key: string }>(
      `
SELECT ${t.legacyId}::text AS key FROM ${name}
 WHERE ${t.legacyId} = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED`,
      { bind: [rows.map(({ key }) => key)], type: QueryTypes.SELECT, transaction },
    ),
  );
  for (const { key } of found) held.add(key);
}

/** Such a record, for the operator. */
export function keptOut({ id, row }: Difference): RejectedRecord {
  const kept = id === null ? 'keeps its row out' : 'keeps its row as it is';
  const reason = `the table ${kept} without an error, as a trigger or a rule can`;
  return { legacyId: row.key, reason };
}
