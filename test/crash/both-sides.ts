import { QueryTypes } from 'sequelize';
import type { SandboxRecord } from '../../legacy-client/sandbox';
import type { CrashWorld } from './crash-world';
import { openNotes, wrongVersions } from './oracle';
import type { ModelName, Values } from './orders';
import { linkName, recordName, type State } from './state';

/** One record as either side holds it: the same text for the same contents. */
type Contents = string;

interface LocalRow {
  readonly model: ModelName | 'SectorLink';
  readonly id: string;
  /** Null of a row that has none. */
  readonly legacyId: string | null;
  readonly isDeleted: boolean;
  /** Values by attribute; keys of other records as local ones. */
  readonly values: Values;
  /** Keys of other records as legacy ones. */
  readonly refers: Values;
}

const localSql = `
SELECT 'Organisation' AS model, id::text, legacy_id AS "legacyId", false AS "isDeleted",
       jsonb_build_object('name', name, 'employees', employees, 'accountNumber', account_number)
         AS values, '{}'::jsonb AS refers
  FROM organisations
UNION ALL
SELECT 'Contact', c.id::text, c.legacy_id, false,
       jsonb_build_object('lastName', c.last_name, 'organisationId', c.organisation_id),
       jsonb_build_object('organisationId', o.legacy_id)
  FROM contacts c LEFT JOIN organisations o ON o.id = c.organisation_id
UNION ALL
SELECT 'Errand', id::text, legacy_id, deleted_at IS NOT NULL,
       jsonb_build_object('subject', subject, 'notes', notes), '{}'
  FROM errands
UNION ALL
SELECT 'SectorLink', l.id::text, l.legacy_id, false,
       jsonb_build_object('organisationId', l.organisation_id, 'sectorId', l.sector_id),
       jsonb_build_object('organisationId', o.legacy_id, 'sectorId', s.legacy_id)
  FROM sector_links l LEFT JOIN organisations o ON o.id = l.organisation_id
       LEFT JOIN sectors s ON s.id = l.sector_id`;

const properties: Readonly<Record<LocalRow['model'], Readonly<Record<string, string>>>> = {
  Organisation: { name: 'Name', employees: 'NumberOfEmployees', accountNumber: 'AccountNumber' },
  Contact: { lastName: 'LastName', organisationId: 'ParentCustomerId' },
  Errand: { subject: 'optevia_Subject', notes: 'optevia_Notes' },
  SectorLink: { organisationId: 'accountid', sectorId: 'optevia_sectorid' },
};

const entities: Readonly<Record<LocalRow['model'], readonly [string, string]>> = {
  Organisation: ['account', 'AccountId'],
  Contact: ['contact', 'ContactId'],
  Errand: ['optevia_interaction', 'optevia_interactionId'],
  SectorLink: ['optevia_account_sector', 'optevia_account_sectorId'],
};

const models = Object.keys(entities) as LocalRow['model'][];

function contents(model: LocalRow['model'], key: unknown, values: Values): Contents {
  const sorted = Object.keys(properties[model]).map((name) => [name, values[name] ?? null]);
  return JSON.stringify([model, key, ...sorted]);
}

async function legacyContents({ sandbox }: CrashWorld): Promise<Contents[]> {
  const all = await Promise.all(
    models.map(async (model) => {
      const [entity, key] = entities[model];
      const records = await sandbox.records(entity);
      return records.map((record) => contents(model, record[key], attributesOf(model, record)));
    }),
  );
  return all.flat().sort();
}

function attributesOf(model: LocalRow['model'], record: SandboxRecord): Values {
  const entries = Object.entries(properties[model]).map(([attribute, property]) => [
    attribute,
    record[property] ?? null,
  ]);
  return Object.fromEntries(entries) as Values;
}

/** What both sides hold, as far as they agree. */
export interface BothSides {
  readonly state: State;
  /** What is wrong: empty when everything is as it must be. */
  readonly problems: readonly string[];
}

/**
 * Compare both sides, record by record, without the library. Nothing may be open, and the versions must
 * be those of the committed changes.
 */
export async function bothSides(world: CrashWorld): Promise<BothSides> {
  const rows = await world.sequelize.query<LocalRow>(localSql, { type: QueryTypes.SELECT });
  const kept = rows.filter(({ isDeleted }) => !isDeleted);
  const local = kept.map((row) =>
    contents(row.model, row.legacyId, { ...row.values, ...row.refers }),
  );
  const legacy = await legacyContents(world);
  const problems = difference('only here', local, legacy);
  problems.push(...difference('only in the CRM', legacy, local));
  const { intents, done } = await openNotes(world);
  if (intents > 0 || done > 0) problems.push(`${intents} intents and ${done} done rows are left`);
  const versions = await wrongVersions(world);
  if (versions.length > 0) problems.push(`versions: ${JSON.stringify(versions)}`);
  return { state: Object.fromEntries(rows.map(named)), problems };
}

/** What one side has more often than the other. */
function difference(what: string, one: readonly Contents[], other: readonly Contents[]): string[] {
  const left = new Map<Contents, number>();
  for (const each of other) left.set(each, (left.get(each) ?? 0) + 1);
  return one
    .filter((each) => {
      const count = left.get(each) ?? 0;
      left.set(each, count - 1);
      return count <= 0;
    })
    .map((each) => `${what}: ${each}`);
}

function named({ model, id, values, isDeleted }: LocalRow): [string, Values] {
  if (model === 'SectorLink') {
    return [linkName(String(values.organisationId), Number(values.sectorId)), {}];
  }
  const mark: Values = model === 'Errand' ? { isDeleted: isDeleted ? 1 : 0 } : {};
  return [recordName(model, id), { ...values, ...mark }];
}
