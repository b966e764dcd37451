import { QueryTypes } from 'sequelize';
import { fingerprintOf, followingOf, sourceOf } from './feed/following';
import { localTable } from './local-table';
import type { Mapping } from '../mapping';
import { isAlive, isOpen } from './open-intents';
import { listOpenWrites, type NotedWrite } from './repair/open-writes';
import type { Runtime } from './runtime';

/** One model, as `dualWrite.status()` tells of it. Plain data. */
export interface ModelStatus {
  readonly model: string;
  readonly entitySet: string;
  /** Local rows. */
  readonly rows: number;
  /** Rows that the legacy system has never had. */
  readonly localOnly: number;
  /** Rows with local changes that the legacy system does not have. */
  readonly ahead: number;
  /** Records that the local table could not take. */
  readonly rejected: number;
  /** Records with a legacy write whose outcome is not known yet; recovery settles them. */
  readonly inDoubt: number;
  /** By this process; UTC. */
  readonly lastRefreshAt: Date | null;
  readonly refreshes: number;
  /** The migrator says `follow`. */
  readonly followed: boolean;
  /** Since when all of it is here and followed, by any process; UTC. Null: it is not (yet). */
  readonly completeSince: Date | null;
  /** When its feed was asked last, by any process; UTC. */
  readonly pulledAt: Date | null;
  /** How long ago that is, in milliseconds: what has changed since is not here. */
  readonly behindMs: number | null;
}

/** What `dualWrite.status()` tells. Plain data. */
export interface SyncStatus {
  readonly legacy: { readonly baseUrl: string; readonly dialect: string };
  readonly models: readonly ModelStatus[];
  /**
   * Legacy writes that are not settled, with the reason: those in doubt first, the oldest first, a
   * hundred at most.
   */
  readonly open: readonly NotedWrite[];
}

type FeedFacts = Pick<ModelStatus, 'completeSince' | 'pulledAt' | 'behindMs'>;
type Counts = FeedFacts &
  Pick<ModelStatus, 'rows' | 'localOnly' | 'ahead' | 'rejected' | 'inDoubt'>;

const nothingFollowed: FeedFacts = { completeSince: null, pulledAt: null, behindMs: null };
const nothingCounted: Counts = {
  ...{ rows: 0, localOnly: 0, ahead: 0, rejected: 0, inDoubt: 0 },
  ...nothingFollowed,
};

/**
 * Count what an operator should know of each model, and list what is open: one statement a model, and
 * one more; no legacy request.
 *
 * @throws NotConnectedError when `dualWrite.prepare()` has not been run on this database.
 */
export async function readStatus(runtime: Runtime): Promise<SyncStatus> {
  await runtime.prepared.requireFor(runtime.registry.keys());
  const models: ModelStatus[] = [];
  for (const mapping of runtime.registry.values()) models.push(await modelStatus(runtime, mapping));
  const open = await listOpenWrites(runtime);
  const { baseUrl, dialect } = runtime.client;
  return { legacy: { baseUrl, dialect: dialect.name }, models, open };
}

async function modelStatus(runtime: Runtime, mapping: Mapping): Promise<ModelStatus> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  const [counts = nothingCounted] = await runtime.pool.query<Counts>(
    `
SELECT count(*)::int AS "rows",
       (count(*) FILTER (WHERE t.${t.legacyId} IS NULL))::int AS "localOnly",
       (count(*) FILTER (WHERE t.${t.modifiedAt} > t.${t.legacyModifiedAt}))::int AS "ahead",
       (SELECT count(*) FROM dual_write_rejected WHERE model = $1)::int AS "rejected",
       (SELECT count(DISTINCT coalesce(i.legacy_id::text, i.id::text)) FROM dual_write_intents i
         WHERE i.model = $1 AND ${isOpen} AND NOT ${isAlive})::int AS "inDoubt",
       ${feed('complete_since')} AS "completeSince", ${feed('asked_at')} AS "pulledAt",
       (extract(epoch FROM clock_timestamp() - ${feed('asked_at')}) * 1000)::float8 AS "behindMs"
  FROM ${name} t`,
    {
      bind: [mapping.name, sourceOf(runtime.client), fingerprintOf(mapping)],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  const activity = runtime.activity.get(mapping.name) ?? { lastRefreshAt: null, refreshes: 0 };
  const { entitySet } = mapping.entity;
  const followed = followingOf(mapping) !== undefined;
  const known = followed ? counts : { ...counts, ...nothingFollowed };
  return { model: mapping.name, entitySet, ...known, ...activity, followed };
}

/** A column of what is known of the model's feed. */
function feed(column: 'complete_since' | 'asked_at'): string {
  return `
(SELECT f.${column} FROM dual_write_feeds f WHERE f.model = $1 AND f.source = $2
    AND f.fingerprint = $3 AND f.complete_since IS NOT NULL)`;
}
