import { QueryTypes } from 'sequelize';
import type { DualWorld } from '../support/dual-world';
import { type Cell, type Cells, modelNames, type ModelName, shapes, type State } from './state';

/** What a side holds: a record by its name, with its legacy key. */
interface Held {
  readonly name: string;
  readonly legacyId: string | null;
  readonly cells: Cells;
}

async function crmRecords({ sandbox }: DualWorld): Promise<Held[]> {
  const names = new Map<unknown, string>();
  const held: Held[] = [];
  for (const model of modelNames) {
    const { logicalName, key, name, texts, numbers, link } = shapes[model];
    for (const record of await sandbox.records(logicalName)) {
      const own = String(record[name.property]);
      names.set(record[key], own);
      const cells: Record<string, Cell> = {};
      for (const [attribute, property] of Object.entries({ ...texts, ...numbers })) {
        cells[attribute] = record[property] as Cell;
      }
      cells[link.attribute] = record[link.property] as Cell;
      held.push({ name: own, legacyId: String(record[key]), cells });
    }
  }
  return held.map((one) => {
    const linked = Object.entries(one.cells).map(([attribute, cell]): [string, Cell] => {
      const isLink = attribute === 'parentId' || attribute === 'organisationId';
      return [attribute, isLink && cell !== null ? (names.get(cell) ?? `the lost ${cell}`) : cell];
    });
    return { ...one, cells: Object.fromEntries(linked) };
  });
}

const localSql: Readonly<Record<ModelName, string>> = {
  Organisation: `SELECT o.name, o.legacy_id AS "legacyId", jsonb_build_object(
      'description', o.description, 'telephone', o.telephone, 'employees', o.employees,
      'parentId', p.name) AS cells
    FROM organisations o LEFT JOIN organisations p ON p.id = o.parent_id`,
  Contact: `SELECT c.last_name AS name, c.legacy_id AS "legacyId", jsonb_build_object(
      'jobTitle', c.job_title, 'email', c.email, 'organisationId', o.name) AS cells
    FROM contacts c LEFT JOIN organisations o ON o.id = c.organisation_id`,
};

async function localRecords({ sequelize }: DualWorld): Promise<Held[]> {
  const sql = modelNames.map((model) => `(${localSql[model]})`).join(' UNION ALL ');
  return sequelize.query<Held>(sql, { type: QueryTypes.SELECT });
}

const told = ({ name, legacyId, cells }: Held): string =>
  JSON.stringify([name, legacyId, Object.entries(cells).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** What the CRM holds now; a name that it has twice is a violation. */
export async function crmState(world: DualWorld): Promise<{ state: State; twice: string[] }> {
  const held = await crmRecords(world);
  const names = held.map(({ name }) => name);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  return { state: new Map(held.map(({ name, cells }) => [name, cells])), twice };
}

/** The key that the CRM has for a record. */
export async function keyOf(world: DualWorld, name: string): Promise<string> {
  const found = (await crmRecords(world)).find((record) => record.name === name);
  return found?.legacyId ?? '';
}

/** What is noted of writes. */
export interface OpenNotes {
  /** Intents whose transactions have not committed. */
  readonly open: number;
  /** Intents and done rows of writes that stand, to be tidied up. */
  readonly ended: number;
}

/** Count what is noted of writes. */
export async function openNotes({ sequelize }: DualWorld): Promise<OpenNotes> {
  const [row] = await sequelize.query<OpenNotes>(
    `SELECT (SELECT count(*)::int FROM dual_write_intents i
              WHERE NOT EXISTS (SELECT FROM dual_write_done d WHERE d.intent_id = i.id)) AS open,
            (SELECT count(*)::int FROM dual_write_done) AS ended`,
    { type: QueryTypes.SELECT },
  );
  if (!row) throw new Error('A count gives a row.');
  return row;
}

/** Whether nothing is noted any more. */
export function isTidy({ open, ended }: OpenNotes): boolean {
  return open === 0 && ended === 0;
}

/** How the two sides differ, record by record. */
export async function sideProblems(world: DualWorld): Promise<string[]> {
  const local = (await localRecords(world)).map(told);
  const legacy = (await crmRecords(world)).map(told);
  return [
    ...local.filter((line) => !legacy.includes(line)).map((line) => `only local: ${line}`),
    ...legacy.filter((line) => !local.includes(line)).map((line) => `only in the CRM: ${line}`),
  ];
}

/** Columns that a synced write sets beside what it was asked to. */
const stamps = `'created_at', 'modified_at', 'legacy_modified_at', 'legacy_version'`;

/** Have the database itself note what is committed, so that versions can be compared with it. */
export async function watchTables({ sequelize }: DualWorld): Promise<void> {
  const triggers = ['organisations', 'contacts'].map(
    (table) => `CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON ${table}
      FOR EACH ROW EXECUTE FUNCTION note_change();`,
  );
  await sequelize.query(`
CREATE TABLE committed_changes (
  sequence bigserial, xid bigint DEFAULT pg_current_xact_id()::text::bigint, id text, old jsonb, new jsonb
);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO committed_changes (id, old, new) VALUES (
    coalesce(OLD.id, NEW.id), to_jsonb(OLD) - ARRAY[${stamps}], to_jsonb(NEW) - ARRAY[${stamps}]);
  RETURN NULL;
END $$;
${triggers.join('\n')}`);
}

interface Images {
  readonly id: string;
  readonly committed: readonly string[];
  readonly kept: readonly { readonly image: string; readonly isRefresh: boolean }[];
}

/** Of an image all that both spellings of columns and attributes have. */
const imageSql = (row: string, spelling: readonly string[]): string =>
  `concat_ws('|', ${spelling.map((name) => `${row}->>'${name}'`).join(', ')})`;

const columns = ['description', 'telephone', 'employees', 'parent_id', 'job_title', 'email'];
const attributes = ['description', 'telephone', 'employees', 'parentId', 'jobTitle', 'email'];

async function images({ sequelize }: DualWorld): Promise<Images[]> {
  return sequelize.query<Images>(
    `
WITH each_change AS (
  SELECT id, min(sequence) AS sequence, (array_agg(old ORDER BY sequence))[1] AS old,
         (array_agg(new ORDER BY sequence DESC))[1] AS new
    FROM committed_changes GROUP BY id, xid
), committed AS (
  SELECT id, array_agg(coalesce(${imageSql('new', [...columns, 'organisation_id'])}, '')
           || CASE WHEN new IS NULL THEN 'gone' ELSE '' END ORDER BY sequence) AS committed
    FROM each_change WHERE old IS DISTINCT FROM new GROUP BY id
), kept AS (
  SELECT v.record_key AS id, jsonb_agg(jsonb_build_object(
           'image', CASE WHEN v.kind = 'deleted' THEN 'gone'
             ELSE ${imageSql('v.values', [...attributes, 'organisationId'])} END,
           'isRefresh', coalesce(r.comment = 'legacy refresh', false)) ORDER BY v.id) AS kept
    FROM record_versions v LEFT JOIN record_revisions r ON r.id = v.revision_id GROUP BY 1
)
SELECT id, coalesce(committed, '{}') AS committed, coalesce(kept, '[]') AS kept
  FROM committed FULL JOIN kept USING (id)`,
    { type: QueryTypes.SELECT },
  );
}

/**
 * Versions that are not those of the committed changes, one for each and in their order. Besides,
 * there may be versions of what an update has overwritten in the CRM, in revisions of their own.
 */
export async function versionProblems(world: DualWorld): Promise<string[]> {
  const problems: string[] = [];
  for (const { id, committed, kept } of await images(world)) {
    let at = 0;
    const extra = kept.filter(({ image, isRefresh }, place) => {
      if (image === committed[at]) {
        at += 1;
        return false;
      }
      // An update that changes nothing leaves a version all the same.
      return !isRefresh && image !== kept[place - 1]?.image;
    });
    if (at === committed.length && extra.length === 0) continue;
    problems.push(`versions of ${id}: ${JSON.stringify(kept)}, committed: ${committed.join('; ')}`);
  }
  return problems;
}

/** Let time pass: whatever was noted is older than any quarantine. */
export async function endQuarantine({ sequelize }: DualWorld): Promise<void> {
  await sequelize.query(`UPDATE dual_write_intents SET noted_at = noted_at - interval '1 day'`);
}
