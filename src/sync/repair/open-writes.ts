import { QueryTypes } from 'sequelize';
import type { Mapping } from '../../mapping';
import { isAlive, isOpen } from '../open-intents';
import type { Runtime } from '../runtime';

interface Noted {
  readonly operation: 'create' | 'update' | 'destroy';
  readonly notedAt: Date;
  /** Its transaction is under way. */
  readonly isUnderWay: boolean;
  /** Why it could not be settled; null when nobody has tried yet. */
  readonly doubt: string | null;
}

/** A legacy write that has not been settled, as a list of them names it. */
export interface NotedWrite extends Noted {
  readonly model: string;
  /** The local primary key as text. */
  readonly id: string;
  /** Null while only the service knows it. */
  readonly legacyId: string | null;
}

/** A legacy write on a record that has not been settled. */
export interface OpenWrite extends Noted {
  /** A 64-bit number as text. */
  readonly intentId: string;
  /** What was sent, by legacy property. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** What these properties held before; empty but for updates. */
  readonly before: Readonly<Record<string, unknown>>;
}

/**
 * The legacy keys under which open creates have made, or may have made, the record of a row, the last
 * one first: the row itself does not know them where its transaction was rolled back.
 *
 * @param id - the local primary key as text.
 */
export async function keysCreatedFor(
  { pool }: Pick<Runtime, 'pool'>,
  mapping: Mapping,
  id: string,
): Promise<string[]> {
  const rows = await pool.query<{ key: string }>(
    `
SELECT i.legacy_id AS key FROM dual_write_intents i
 WHERE i.model = $1 AND i.local_id = $2 AND i.operation = 'create' AND i.legacy_id IS NOT NULL
   AND ${isOpen} ORDER BY i.noted_at DESC, i.sequence DESC`,
    { bind: [mapping.name, id], type: QueryTypes.SELECT, transaction: null },
  );
  return rows.map(({ key }) => key);
}

/**
 * Which record: its local primary key as text, its legacy key, or both; of a link, whose key is not
 * known before it is made, the keys at both ends, too.
 */
export interface RecordKeys {
  readonly id: string | null;
  readonly legacyId: string | null;
  readonly ends?: Readonly<Record<string, unknown>> | undefined;
}

/** How many open writes are listed at most. */
const maxListed = 100;

/** The open writes on all records, at most {@link maxListed}: what is in doubt first, by age. */
export async function listOpenWrites({ pool }: Pick<Runtime, 'pool'>): Promise<NotedWrite[]> {
  return pool.query<NotedWrite>(
    `
SELECT w.* FROM (
  SELECT i.model, i.local_id AS id, i.legacy_id AS "legacyId", i.operation,
         i.noted_at AS "notedAt", ${isAlive} AS "isUnderWay", i.doubt
    FROM dual_write_intents i WHERE ${isOpen}
   ORDER BY i.noted_at, i.sequence
) w ORDER BY w."isUnderWay", w."notedAt" LIMIT ${maxListed}`,
    { type: QueryTypes.SELECT, transaction: null },
  );
}

/** The open writes on a record, in the order in which they were noted. */
export async function openWrites(
  { pool }: Runtime,
  mapping: Mapping,
  { id, legacyId, ends }: RecordKeys,
): Promise<OpenWrite[]> {
  return pool.query<OpenWrite>(
    `
SELECT i.id::text AS "intentId", i.operation, i.noted_at AS "notedAt", ${isAlive} AS "isUnderWay",
       i.doubt, i.sent, i.before
  FROM dual_write_intents i
 WHERE i.model = $1 AND (i.local_id = $2 OR i.legacy_id = $3 OR i.sent @> $4::jsonb)
   AND ${isOpen}
 ORDER BY i.noted_at, i.sequence`,
    {
      bind: [mapping.name, id, legacyId, ends ? JSON.stringify(ends) : null],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
}
