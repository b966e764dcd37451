import type { LegacyRecord } from '../../../legacy-client';
import type { Applied } from './apply';
import { fetchRecords, recordIfThere, withKeys } from './fetch';
import type { RefreshTable } from './input-sql';
import { holdersOf, type Moved } from './moved-values';
import { isUniqueViolation } from './rejected';
import { checkLimits, removeGone } from './removal';
import { incomingRows, type IncomingRow } from './row';
import { inTransaction, type RefreshScope } from './scope';

export type { Moved } from './moved-values';

/** Rows to be applied. */
interface Applicable {
  readonly rows: readonly IncomingRow[];
  /** All rows of the answer. */
  readonly all: readonly IncomingRow[];
  readonly isOwnWrite: boolean;
  readonly moved?: Moved;
}

/**
 * Apply rows. Where a unique value clashes with a row that is here, that one may have another value
 * by now, or be gone: it is brought up to date together with the rows that take its value.
 */
export async function clearingTheWay<T extends Applicable>(
  given: { readonly scope: RefreshScope; readonly table: RefreshTable; readonly answer: T },
  apply: (answer: T & Applicable) => Promise<Applied>,
): Promise<Applied> {
  const { answer } = given;
  try {
    return await apply(answer);
  } catch (error) {
    if (!isUniqueViolation(error) || answer.isOwnWrite || answer.moved) throw error;
    const way = await clearedWay(given.scope, given.table, answer);
    if (!way) throw error;
    const { rejected, ahead } = await apply({ ...answer, ...way });
    // What is only in the way is not asked about.
    const asked = new Set(answer.rows.map(({ key }) => key));
    return { rejected, ahead: ahead.filter(({ legacyId }) => asked.has(legacyId ?? '')) };
  }
}

/** Rows that are in the way of rows that are in the way, and so on. */
const rounds = 20;

interface Way {
  readonly rows: readonly IncomingRow[];
  readonly moved: Moved;
}

/** The rows with those that are in their way; undefined when none is. */
async function clearedWay(
  scope: RefreshScope,
  table: RefreshTable,
  { rows, all }: Applicable,
): Promise<Way | undefined> {
  const known = new Map(all.map((row) => [row.key, row]));
  const taken = new Map(rows.map((row) => [row.key, row]));
  const gone = new Set<string>();
  const ahead = new Set<string>();
  let isBlocked = false;
  for (let round = 0; round < rounds; round += 1) {
    const holders = await inTransaction(scope, (place) =>
      holdersOf(place, table, [...taken.values()]),
    );
    isBlocked ||= holders.length > 0;
    const keys = new Set(holders.flatMap(({ key }) => (key === null ? [] : [key])));
    const others = [...keys].filter((key) => !taken.has(key) && !gone.has(key));
    if (others.length === 0) break;
    const unknown = others.filter((key) => !known.has(key));
    const found = await settled(scope, table, {
      ...{ keys: unknown, gone, ahead, found: all.length },
    });
    for (const row of found) known.set(row.key, row);
    for (const key of others) {
      const row = known.get(key);
      if (row) taken.set(key, row);
      else gone.add(key);
    }
  }
  const byKey = [...taken.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const free = new Set([...gone].filter((key) => !ahead.has(key)));
  return isBlocked ? { rows: byKey, moved: { gone: free } } : undefined;
}

interface InTheWay {
  readonly keys: readonly string[];
  readonly gone: Set<string>;
  /** Those that are gone, and whose rows stay with the local changes that they have. */
  readonly ahead: Set<string>;
  /** How many records the answer had. */
  readonly found: number;
}

/** Fetch records; the rows of those that are certainly gone are removed. */
async function settled(
  scope: RefreshScope,
  { mapping }: RefreshTable,
  { keys, gone, ahead, found }: InTheWay,
): Promise<readonly IncomingRow[]> {
  if (keys.length === 0) return [];
  const { runtime } = scope;
  const fetched = await fetchRecords(runtime, mapping, { filter: withKeys(mapping, keys) });
  const records: LegacyRecord[] = [...fetched.records];
  const here = new Set(records.map(({ key }) => key));
  const missing = keys.filter((key) => !here.has(key));
  checkLimits(scope, mapping, { missing: missing.length, found: found + records.length });
  const askedAt = await runtime.clock.now();
  for (const key of missing) {
    const record = fetched.gone.includes(key)
      ? undefined
      : await recordIfThere(runtime, mapping, key);
    if (record) records.push(record);
    else gone.add(key);
  }
  const lost = missing.filter((key) => gone.has(key));
  const removed = await removeGone(scope, mapping, { keys: lost, askedAt });
  for (const { legacyId } of removed.ahead) if (legacyId !== null) ahead.add(legacyId);
  return incomingRows(mapping, records).rows;
}
