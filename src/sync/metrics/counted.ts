import { QueryTypes } from 'sequelize';
import { fingerprintOf, followingOf, sourceOf } from '../feed/following';
import { localTable } from '../local-table';
import { isAlive, isOpen } from '../open-intents';
import type { Runtime } from '../runtime';

/** One number of one model. */
export interface Sample {
  readonly model: string;
  readonly value: number | null;
}

/** What the library's own tables say of a model. */
export interface Noted {
  readonly model: string;
  readonly open: number;
  readonly inDoubt: number;
  readonly doubtSeconds: number | null;
  readonly rejected: number;
  readonly behindSeconds: number | null;
}

/** Read what the library's own tables say of each model: one statement. */
export async function readNoted({ pool, registry, client }: Runtime): Promise<readonly Noted[]> {
  const mappings = [...registry.values()];
  const models = mappings.map(({ name }) => name);
  const prints = mappings.map((mapping) => (followingOf(mapping) ? fingerprintOf(mapping) : null));
  return pool.query<Noted>(
    `
SELECT m.model,
       coalesce(i.open, 0)::int AS "open", coalesce(i.in_doubt, 0)::int AS "inDoubt",
       i.doubt_seconds::float8 AS "doubtSeconds",
       (SELECT count(*) FROM dual_write_rejected r WHERE r.model = m.model)::int AS "rejected",
       (SELECT extract(epoch FROM clock_timestamp() - f.asked_at) FROM dual_write_feeds f
         WHERE f.model = m.model AND f.source = $3 AND f.fingerprint = m.fingerprint
           AND f.complete_since IS NOT NULL)::float8 AS "behindSeconds"
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS m (model, fingerprint, place)
  LEFT JOIN (
    SELECT i.model, count(*) AS open,
           count(DISTINCT coalesce(i.legacy_id::text, i.id::text)) FILTER (WHERE NOT i.alive) AS in_doubt,
           extract(epoch FROM clock_timestamp() - min(i.noted_at) FILTER (WHERE NOT i.alive))
             AS doubt_seconds
      FROM (SELECT i.*, ${isAlive} AS alive FROM dual_write_intents i WHERE ${isOpen}) i
     GROUP BY i.model
  ) i ON i.model = m.model
 ORDER BY m.place`,
    { bind: [models, prints, sourceOf(client)], type: QueryTypes.SELECT, transaction: null },
  );
}

/** The last counts of a connection. */
interface AheadCounts {
  readonly at: number;
  readonly samples: Promise<readonly Sample[]>;
}

const lastCounts = new WeakMap<Runtime, AheadCounts>();

/** How many rows of each model are ahead: counted anew where the last count is too old. */
export async function aheadCounts(runtime: Runtime, maxAgeMs: number): Promise<readonly Sample[]> {
  const last = lastCounts.get(runtime);
  const at = performance.now();
  if (last && at - last.at < maxAgeMs) return last.samples;
  const samples = countAhead(runtime);
  lastCounts.set(runtime, { at, samples });
  try {
    return await samples;
  } catch (error) {
    lastCounts.delete(runtime);
    throw error;
  }
}

async function countAhead({ pool, registry }: Runtime): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const mapping of registry.values()) {
    const { name, columns: t } = await localTable(pool, mapping);
    const [found] = await pool.query<{ ahead: number }>(
      `
SELECT count(*)::int AS ahead FROM ${name} t WHERE t.${t.modifiedAt} > t.${t.legacyModifiedAt}`,
      { type: QueryTypes.SELECT, transaction: null },
    );
    samples.push({ model: mapping.name, value: found?.ahead ?? 0 });
  }
  return samples;
}
