import { QueryTypes } from 'sequelize';
import type { Mapping } from '../../mapping';
import { localTable, type LocalTable } from '../local-table';
import type { Runtime } from '../runtime';
import { fingerprintOf, sourceOf } from './following';

/** What `dual_write_feeds` says of a model. */
export interface FeedState {
  /** Every row of the model here is at least as new as this, by the database's clock. */
  readonly askedAt: Date;
  /** When it was loaded completely; null while it is not followed. */
  readonly completeSince: Date | null;
  /** What to ask the feed with next. */
  readonly token: string | null;
  /** When all keys were compared last. */
  readonly sweptAt: Date | null;
  /** Keys of records that are to be asked for again. */
  readonly pending: readonly string[];
  /** Keys of rows whose records are gone, and that are still here. */
  readonly kept: readonly string[];
}

/** What is known of a feed at one moment. */
export interface FeedLook {
  /** The database's clock at that moment. */
  readonly now: Date;
  /** Undefined when there is none, or it is of another mapping or service. */
  readonly state: FeedState | undefined;
  /** The model has records that the local table could not take. */
  readonly hasRejected: boolean;
  /** The model has rows with local changes. */
  readonly hasAhead: boolean;
  /** Notes of skipped calls that have removed rows here. */
  readonly lacking: readonly string[];
}

interface LookRow extends FeedState, Omit<FeedLook, 'state'> {
  readonly isThere: boolean;
}

const columns = `
f.asked_at AS "askedAt", f.complete_since AS "completeSince", f.token, f.swept_at AS "sweptAt",
f.pending`;

/** Look at the feed of a model, and at the clock: one statement. */
export async function lookAtFeed(runtime: Runtime, mapping: Mapping): Promise<FeedLook> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  const kept = `f.kept${mapping.deactivation ? ` || ${hiddenSql(name, t)}` : ''} AS kept`;
  const [row] = await runtime.pool.query<LookRow>(
    `
SELECT clock_timestamp() AS now, f.model IS NOT NULL AS "isThere", ${columns}, ${kept},
       EXISTS (SELECT FROM dual_write_rejected r WHERE r.model = $1) AS "hasRejected",
       EXISTS (SELECT FROM ${name} t WHERE t.${t.modifiedAt} > t.${t.legacyModifiedAt}) AS "hasAhead",
       ARRAY(SELECT l.id::text FROM dual_write_lacking l WHERE l.model = $1) AS "lacking"
  FROM (SELECT $1 AS model) AS asked
  LEFT JOIN dual_write_feeds f
    ON f.model = asked.model AND f.source = $2 AND f.fingerprint = $3`,
    {
      bind: [mapping.name, sourceOf(runtime.client), fingerprintOf(mapping)],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  if (!row) throw new Error('PostgreSQL answered without a row.');
  const { now, isThere, hasRejected, hasAhead, lacking, ...state } = row;
  return { now, hasRejected, hasAhead, lacking, state: isThere ? state : undefined };
}

/** SQL: keys of rows that are here only because others refer to them, whenever they came. */
function hiddenSql(name: string, t: LocalTable['columns']): string {
  return `ARRAY(
  SELECT k.legacy_id FROM dual_write_known k JOIN ${name} t ON t.${t.legacyId} = k.legacy_id
   WHERE k.model = $1 AND k.gone ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''})`;
}

/**
 * Keep the state of a feed. An older one never replaces a newer one: token and time belong together.
 * Processes with another mapping (while a new release is rolled out) have a state of their own.
 *
 * @returns what is known afterwards.
 */
export async function keepFeedState(
  runtime: Runtime,
  mapping: Mapping,
  state: FeedState,
): Promise<FeedLook> {
  const { askedAt, completeSince, token, sweptAt, pending, kept } = state;
  await runtime.pool.query(
    `
WITH outlived AS (
  DELETE FROM dual_write_feeds
   WHERE model = $1 AND fingerprint <> $3 AND (source <> $2 OR asked_at < now() - interval '7 days')
)
INSERT INTO dual_write_feeds AS f
  (model, source, fingerprint, asked_at, complete_since, token, swept_at, pending, kept)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::uuid[], $9::uuid[])
ON CONFLICT (model, fingerprint) DO UPDATE
   SET source = excluded.source, asked_at = excluded.asked_at,
       complete_since = excluded.complete_since, token = excluded.token,
       swept_at = excluded.swept_at, pending = excluded.pending, kept = excluded.kept
 WHERE f.asked_at <= excluded.asked_at OR f.source <> excluded.source`,
    {
      bind: [
        ...[mapping.name, sourceOf(runtime.client), fingerprintOf(mapping)],
        ...[askedAt, completeSince, token, sweptAt, pending, kept],
      ],
      transaction: null,
    },
  );
  return lookAtFeed(runtime, mapping);
}
