import type { RejectedRecord } from '../errors';
import type { Difference } from './compare';

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

/** Such a record, for the operator. */
export function keptOut({ row }: Difference): RejectedRecord {
  const reason = 'the table keeps its row out without an error, as a trigger or a rule can';
  return { legacyId: row.key, reason };
}
