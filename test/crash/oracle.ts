import { QueryTypes } from 'sequelize';
import { emptyTables } from '../support/database';
import type { DualWorld } from '../support/dual-world';
import { until } from './until';

/** Columns that a synced write sets beside what it was asked to. */
const stamps = `'created_at', 'modified_at', 'legacy_modified_at', 'legacy_version'`;

/**
 * Have the database itself note what is committed on tables, so that versions can be compared with it.
 *
 * @param tables - the models' names by the tables' names.
 */
export async function watchChanges(
  { sequelize }: DualWorld,
  tables: Readonly<Record<string, string>>,
): Promise<void> {
  await sequelize.query(`
CREATE TABLE committed_changes (
  sequence bigserial, xid bigint DEFAULT pg_current_xact_id()::text::bigint, model text, id text,
  old jsonb, new jsonb
);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO committed_changes (model, id, old, new) VALUES (
    TG_ARGV[0], coalesce(OLD.id, NEW.id),
    to_jsonb(OLD), to_jsonb(NEW));
  RETURN NULL;
END $$;`);
  for (const [table, model] of Object.entries(tables)) {
    await sequelize.query(`
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON ${table}
  FOR EACH ROW EXECUTE FUNCTION note_change('${model}');`);
  }
}

/** The same for organisations only. */
export async function watchOrganisations(world: DualWorld): Promise<void> {
  await watchChanges(world, { organisations: 'Organisation' });
}

/** Empty everything, open intents too. */
export async function clearWorld(world: DualWorld): Promise<void> {
  await world.reset();
  // Last, since the removal of rows is noted, too.
  await emptyTables(world.sequelize, [
    'dual_write_intents',
    'dual_write_done',
    'committed_changes',
  ]);
}

/** What an organisation holds, on either side. */
export interface Held {
  readonly legacyId: string | null;
  readonly name: unknown;
  readonly employees: unknown;
}

/** The organisations in PostgreSQL, by legacy key; asked for without the library. */
export async function localOrganisations(world: DualWorld): Promise<Held[]> {
  return world.sequelize.query<Held>(
    'SELECT legacy_id AS "legacyId", name, employees FROM organisations ORDER BY legacy_id',
    { type: QueryTypes.SELECT },
  );
}

/** The accounts in the CRM, by legacy key. */
export async function legacyOrganisations(world: DualWorld): Promise<Held[]> {
  const records = await world.sandbox.records('account');
  return records.map((record) => ({
    legacyId: String(record.AccountId),
    name: record.Name,
    employees: record.NumberOfEmployees,
  }));
}

/** How many intents and done rows are left. */
export async function openNotes({
  sequelize,
}: DualWorld): Promise<{ intents: number; done: number }> {
  const [row] = await sequelize.query<{ intents: number; done: number }>(
    `SELECT (SELECT count(*)::int FROM dual_write_intents) AS intents,
            (SELECT count(*)::int FROM dual_write_done) AS done`,
    { type: QueryTypes.SELECT },
  );
  if (!row) throw new Error('A count gives a row.');
  return row;
}

/** Intents are removed a moment after COMMIT; of a killed process by recovery. */
async function isTidy({ sequelize }: DualWorld): Promise<boolean> {
  const rows = await sequelize.query(
    'SELECT FROM dual_write_intents i JOIN dual_write_done d ON d.intent_id = i.id',
    { type: QueryTypes.SELECT },
  );
  return rows.length === 0;
}

/**
 * Records of watched tables whose versions are not one for each transaction that changed them. One that
 * wrote what was there already may have left one, too.
 */
export async function wrongVersions({ sequelize }: DualWorld): Promise<unknown[]> {
  return sequelize.query(
    `
WITH each_change AS (
  SELECT model, id, xid, (array_agg(old ORDER BY sequence))[1] AS old,
         (array_agg(new ORDER BY sequence DESC))[1] AS new
    FROM committed_changes GROUP BY model, id, xid
), expected AS (
  SELECT model, id, count(*) FILTER (WHERE old - ARRAY[${stamps}] IS DISTINCT FROM
                                         new - ARRAY[${stamps}])::int AS changes,
         count(*)::int AS touches
    FROM each_change WHERE old IS NOT NULL OR new IS NOT NULL GROUP BY model, id
), kept AS (
  SELECT model, record_key AS id, count(*)::int AS versions FROM record_versions
   WHERE model IN (SELECT encode(substring(tgargs FROM 1 FOR length(tgargs) - 1), 'escape')
                     FROM pg_trigger WHERE tgname = 'note_change')
   GROUP BY 1, 2
)
SELECT model, id, changes, versions FROM expected FULL JOIN kept USING (model, id)
 WHERE (coalesce(versions, 0) BETWEEN changes AND touches) IS NOT TRUE`,
    { type: QueryTypes.SELECT },
  );
}

/**
 * What is wrong after recovery: both sides must hold the same records with the same values, nothing
 * may be left open, and the versions must be those of the committed changes.
 */
export async function disagreements(world: DualWorld): Promise<string[]> {
  const local = await localOrganisations(world);
  const legacy = await legacyOrganisations(world);
  const found: string[] = [];
  const sides = [JSON.stringify(local), JSON.stringify(legacy)];
  if (sides[0] !== sides[1]) found.push(`local ${sides.join(', legacy ')}`);
  await until('the notes of committed writes are removed', () => isTidy(world));
  const { intents, done } = await openNotes(world);
  if (intents > 0 || done > 0) found.push(`${intents} intents and ${done} done rows are left`);
  const versions = await wrongVersions(world);
  if (versions.length > 0) found.push(`versions: ${JSON.stringify(versions)}`);
  return found;
}

/** Let time pass: whatever was noted is older than any quarantine. */
export async function endQuarantine({ sequelize }: DualWorld): Promise<void> {
  await sequelize.query(`UPDATE dual_write_intents SET noted_at = noted_at - interval '1 day'`);
}
