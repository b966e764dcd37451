import { QueryTypes, type Sequelize } from 'sequelize';
import { RevisionError } from './errors';

/**
 * Which versions stay. A version stays when one of the two rules keeps it; one rule at least is
 * given. The newest version of each record stays whatever the rules say: it is what a deleted record
 * is restored from, and what the next one is compared with.
 */
export interface Retention {
  /** Keep versions that are younger than this many days. */
  readonly keepDays?: number;
  /** Keep this many of the newest versions of each record. */
  readonly keepNewest?: number;
  /** Only versions of these models, by name; by default of all. */
  readonly models?: readonly string[];
  /** Count what would go, and remove nothing. */
  readonly dryRun?: boolean;
}

/** What was removed, or would be. */
export interface PrunedVersions {
  /** By model name; models that lose nothing are left out. */
  readonly versions: Readonly<Record<string, number>>;
  /** Revisions that have no versions left. */
  readonly revisions: number;
}

/** Rows a statement removes at most: each is a transaction of its own, so locks are short. */
const batchSize = 5000;

/** SQL: versions that no rule keeps. $1: days or null, $2: number or null, $3: names or null. */
const expendable = `
  SELECT id, model, revision_id FROM (
    SELECT v.id, v.model, v.revision_id, v.at,
      row_number() OVER (PARTITION BY v.model, v.record_key ORDER BY v.id DESC) AS place
    FROM record_versions AS v WHERE $3::text[] IS NULL OR v.model = ANY ($3::text[])
  ) AS ranked
  WHERE place > 1
    AND ($1::float8 IS NULL OR at < clock_timestamp() - make_interval(secs => $1::float8 * 86400))
    AND ($2::bigint IS NULL OR place > $2::bigint)`;

/**
 * Remove old versions, and the revisions that lose their last one.
 *
 * May be interrupted at any time and run again; several at once do each other no harm.
 *
 * @throws RevisionError when no rule is given, or one that is not a number from 0 on.
 */
export async function pruneVersions(
  sequelize: Sequelize,
  retention: Retention,
): Promise<PrunedVersions> {
  const { keepDays, keepNewest, models, dryRun } = retention;
  requireRule({ keepDays, keepNewest });
  const bind = [keepDays ?? null, keepNewest ?? null, models ?? null];
  if (dryRun) return countExpendable(sequelize, bind);
  const versions: Record<string, number> = {};
  let revisions = 0;
  for (;;) {
    const removed = await removeBatch(sequelize, bind);
    for (const { model, count } of removed.versions) {
      versions[model] = (versions[model] ?? 0) + count;
    }
    revisions += removed.revisions;
    if (removed.versions.length === 0) return { versions, revisions };
  }
}

function requireRule(rules: Readonly<Record<string, number | undefined>>): void {
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const wrong = given.find(([, value]) => !(Number(value) >= 0 && Number.isFinite(value)));
  if (wrong) {
    throw new RevisionError(`${wrong[0]} must be a number from 0 on, not ${String(wrong[1])}.`);
  }
  if (given.length > 0) return;
  throw new RevisionError(
    'Say what to keep: keepDays, keepNewest, or both. Without either, all but the newest version ' +
      'of each record would go.',
  );
}

interface ModelCount {
  readonly model: string;
  readonly count: number;
}

async function countExpendable(sequelize: Sequelize, bind: unknown[]): Promise<PrunedVersions> {
  const rows = await sequelize.query<ModelCount>(
    `SELECT model, count(*)::int AS count FROM (${expendable}) AS gone GROUP BY model ORDER BY model`,
    { bind, type: QueryTypes.SELECT },
  );
  const [revisions] = await sequelize.query<{ count: number }>(
    `WITH gone AS (${expendable})
     SELECT count(DISTINCT gone.revision_id)::int AS count FROM gone
     WHERE NOT EXISTS (SELECT FROM record_versions AS v
       WHERE v.revision_id = gone.revision_id AND v.id NOT IN (SELECT id FROM gone))`,
    { bind, type: QueryTypes.SELECT },
  );
  return {
    versions: Object.fromEntries(rows.map(({ model, count }) => [model, count])),
    revisions: revisions?.count ?? 0,
  };
}

interface RemovedBatch {
  readonly versions: readonly ModelCount[];
  readonly revisions: number;
}

async function removeBatch(sequelize: Sequelize, bind: unknown[]): Promise<RemovedBatch> {
  return sequelize.transaction(async (transaction) => {
    const removed = await sequelize.query<{ model: string; revision: string }>(
      `DELETE FROM record_versions AS v USING (${expendable} LIMIT ${batchSize}) AS gone
       WHERE v.id = gone.id RETURNING v.model, v.revision_id AS revision`,
      { bind, type: QueryTypes.SELECT, transaction },
    );
    const empty = await sequelize.query<{ id: string }>(
      `DELETE FROM record_revisions AS r
       WHERE r.id = ANY ($1::uuid[])
         AND NOT EXISTS (SELECT FROM record_versions AS v WHERE v.revision_id = r.id)
       RETURNING r.id`,
      {
        bind: [[...new Set(removed.map(({ revision }) => revision))]],
        type: QueryTypes.SELECT,
        transaction,
      },
    );
    const counts = new Map<string, number>();
    for (const { model } of removed) counts.set(model, (counts.get(model) ?? 0) + 1);
    const versions = [...counts].map(([model, count]) => ({ model, count }));
    return { versions, revisions: empty.length };
  });
}
