import { randomUUID } from 'node:crypto';
import { QueryTypes, type Transaction } from 'sequelize';
import type { Mapping } from '../mapping';
import { fingerprintOf, sourceOf } from '../sync/feed/following';
import type { Runtime } from '../sync/runtime';
import type { PlannedPart } from './plan';

/** What a load is for. */
export type LoadKind = 'backfill' | 'verify';

/** A load that has begun. Its id is that of its revision, too. */
export interface Load {
  readonly id: string;
  readonly kind: LoadKind;
  readonly begunAt: Date;
}

/** How far a part is. */
export interface PartState extends PlannedPart {
  /** The address of the page to go on with; null: the first one. */
  readonly next: string | null;
  readonly done: boolean;
  readonly pages: number;
  readonly records: number;
  readonly created: number;
  /** Of failures in a row. */
  readonly failures: number;
  readonly failure: string | null;
  /** Nothing has been heard of it for so long. */
  readonly silentMs: number;
}

/** What is loaded, and in which service: a load of something else is another one. */
function identityOf({ client }: Runtime, mappings: readonly Mapping[]): readonly string[] {
  const prints = mappings.map((one) => `${one.name} ${fingerprintOf(one)}`).sort();
  return [sourceOf(client), prints.join('\n')];
}

/** The load of these models that has not ended, if there is one. */
export async function openLoad(
  runtime: Runtime,
  kind: LoadKind,
  mappings: readonly Mapping[],
): Promise<Load | undefined> {
  const [load] = await runtime.pool.query<Load>(
    `SELECT id, kind, begun_at AS "begunAt" FROM dual_write_loads
      WHERE kind = $1 AND source = $2 AND fingerprint = $3 AND ended_at IS NULL
      ORDER BY begun_at DESC LIMIT 1`,
    {
      bind: [kind, ...identityOf(runtime, mappings)],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  return load;
}

/** Begin a load. Of the same kind and models, what was known of earlier ones is forgotten. */
export async function beginLoad(
  runtime: Runtime,
  kind: LoadKind,
  { mappings, parts }: { mappings: readonly Mapping[]; parts: readonly PlannedPart[] },
): Promise<Load> {
  const { pool } = runtime;
  const id = randomUUID();
  const identity = identityOf(runtime, mappings);
  await pool.transaction({ transaction: null }, async (transaction) => {
    await pool.query(
      'DELETE FROM dual_write_loads WHERE kind = $1 AND source = $2 AND fingerprint = $3',
      { bind: [kind, ...identity], transaction },
    );
    await pool.query(
      'INSERT INTO dual_write_loads (id, kind, source, fingerprint) VALUES ($1, $2, $3, $4)',
      { bind: [id, kind, ...identity], transaction },
    );
    await pool.query(
      `
INSERT INTO dual_write_load_parts (load, model, part, level, created_from, created_to, total)
SELECT $1, p.model, p.part, p.level, p."createdFrom", p."createdTo", p.total
  FROM jsonb_to_recordset($2::jsonb) AS p(
    model text, part integer, level integer, "createdFrom" timestamptz, "createdTo" timestamptz,
    total bigint)`,
      { bind: [id, JSON.stringify(parts)], transaction },
    );
  });
  return { id, kind, begunAt: new Date() };
}

/** End a load: what it has found and was not mended since stays to be looked at, the rest goes. */
export async function endLoad({ pool }: Runtime, { id, kind }: Load): Promise<void> {
  await pool.query(
    `
DELETE FROM dual_write_load_findings f USING dual_write_load_findings later
 WHERE f.load = $1 AND later.load = $1 AND later.model = f.model AND later.kind = f.kind
   AND later.legacy_id = f.legacy_id AND later.id > f.id`,
    { bind: [id], transaction: null },
  );
  if (kind === 'backfill') {
    await pool.query(
      `
DELETE FROM dual_write_load_findings f
 WHERE f.load = $1 AND f.kind = 'rejected' AND NOT EXISTS (
   SELECT FROM dual_write_rejected r WHERE r.model = f.model AND r.legacy_id = f.legacy_id)`,
      { bind: [id], transaction: null },
    );
  }
  await pool.query('DELETE FROM dual_write_load_keys WHERE load = $1', {
    bind: [id],
    transaction: null,
  });
  await pool.query('UPDATE dual_write_loads SET ended_at = clock_timestamp() WHERE id = $1', {
    bind: [id],
    transaction: null,
  });
}

const partColumns = `
p.model, p.part, p.level, p.created_from AS "createdFrom", p.created_to AS "createdTo",
p.total::float8 AS total, p.next, p.done, p.pages::float8 AS pages, p.records::float8 AS records,
p.created::float8 AS created, p.failures, p.failure,
extract(epoch FROM clock_timestamp() - p.touched_at)::float8 * 1000 AS "silentMs"`;

/** All parts of a load. */
export async function partsOfLoad({ pool }: Runtime, load: string): Promise<PartState[]> {
  return pool.query<PartState>(
    `SELECT ${partColumns} FROM dual_write_load_parts p WHERE p.load = $1
      ORDER BY p.level, p.model, p.part`,
    { bind: [load], type: QueryTypes.SELECT, transaction: null },
  );
}

/** Which part of which load. */
export interface PartKey {
  readonly load: string;
  readonly model: string;
  readonly part: number;
}

/** A part of a load that has not ended, with what the load is for. */
export async function openPart(
  { pool }: Runtime,
  { load, model, part }: PartKey,
): Promise<(PartState & { readonly kind: LoadKind }) | undefined> {
  const [found] = await pool.query<PartState & { readonly kind: LoadKind }>(
    `SELECT l.kind, ${partColumns} FROM dual_write_load_parts p JOIN dual_write_loads l ON l.id = p.load
      WHERE p.load = $1 AND p.model = $2 AND p.part = $3 AND l.ended_at IS NULL AND NOT p.done`,
    { bind: [load, model, part], type: QueryTypes.SELECT, transaction: null },
  );
  return found;
}

/** What has been stored of a part. */
export interface Advance {
  /** The address that it was at; null of the first page. */
  readonly from: string | null;
  readonly next: string | null;
  readonly isLast: boolean;
  /** Complete ones, and their records. */
  readonly pages: number;
  readonly records: number;
  readonly created: number;
}

/**
 * Note how far a part is, in the transaction that stores it.
 *
 * @returns false when somebody else has gone on with this part: the transaction must be rolled back.
 */
export async function advance(
  { pool }: Runtime,
  transaction: Transaction,
  step: PartKey & Advance,
): Promise<boolean> {
  const { load, model, part, from, next, isLast, pages, records, created } = step;
  const moved = await pool.query(
    `
UPDATE dual_write_load_parts
   SET next = $5::text, done = $6, pages = pages + $7, records = records + $8,
       created = created + $9, failures = 0, failure = NULL, touched_at = clock_timestamp()
 WHERE load = $1 AND model = $2 AND part = $3 AND NOT done AND next IS NOT DISTINCT FROM $4::text
RETURNING 1`,
    {
      bind: [load, model, part, from, next, isLast, pages, records, created],
      type: QueryTypes.SELECT,
      transaction,
    },
  );
  return moved.length > 0;
}

/** Note that a part could not be gone on with; `isFinal` when trying again is of no use. */
export async function noteFailure(
  { pool }: Runtime,
  { load, model, part }: PartKey,
  { reason, isFinal }: { readonly reason: string; readonly isFinal: boolean },
): Promise<void> {
  await pool.query(
    `
UPDATE dual_write_load_parts
   SET failures = failures + $5, failure = $4, touched_at = clock_timestamp()
 WHERE load = $1 AND model = $2 AND part = $3`,
    { bind: [load, model, part, reason, isFinal ? 1000 : 1], transaction: null },
  );
}

/** Begin a part again, or only forget its failures. */
export async function resetPart(
  { pool }: Runtime,
  { load, model, part }: PartKey,
  { fromStart }: { readonly fromStart: boolean },
): Promise<void> {
  const counts = fromStart ? ', next = NULL, pages = 0, records = 0, created = 0' : '';
  await pool.query(
    `UPDATE dual_write_load_parts SET failures = 0, failure = NULL${counts}
      WHERE load = $1 AND model = $2 AND part = $3 AND NOT done`,
    { bind: [load, model, part], transaction: null },
  );
}
