import type { RefreshTable } from './input-sql';
import type { IncomingRow } from './row';
import { inCallersTransaction, type RefreshScope } from './scope';

/** Rows that are stored in one place. */
export interface Part {
  readonly scope: RefreshScope;
  readonly rows: readonly IncomingRow[];
}

/**
 * Divide rows by where they are stored.
 *
 * Rows that the caller's transaction has written, or that refer to such, are stored in it: nobody
 * else sees them yet. All others are stored at once, so that they do not stay locked.
 */
export function partsOf(
  scope: RefreshScope,
  table: RefreshTable,
  rows: readonly IncomingRow[],
): Part[] {
  if (scope.transaction || scope.ownKeys.size === 0) return [{ scope, rows }];
  const isOwn = (row: IncomingRow): boolean => {
    const references = [...table.lookups.keys()].map((column) => row.values[column]);
    return [row.key, ...references].some((key) => scope.ownKeys.has(String(key)));
  };
  return [
    { scope: inCallersTransaction(scope), rows: rows.filter(isOwn) },
    { scope, rows: rows.filter((row) => !isOwn(row)) },
  ];
}

/**
 * Whether rows that are held may be stored in the caller's transaction.
 *
 * What somebody holds may be held by the caller's own transaction, which has locked rows, or written
 * columns of this side. Then only that transaction can store them.
 */
export function mayHoldItself({ caller, transaction }: RefreshScope): boolean {
  return caller !== undefined && transaction === undefined;
}
