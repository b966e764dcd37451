import { QueryTypes } from 'sequelize';
import path from 'node:path';
import { dropLegacyColumns, legacySchemaOf, readExitList, runExit } from '../../src/exit';
import { Organisation } from '../../models';
import { revision } from '../../src';
import { type ApplicationDatabase } from '../../src/example/database';
import { openApplication } from '../support/application';

const root = path.resolve(__dirname, '../..');
const schema = legacySchemaOf(readExitList(root));

let application: ApplicationDatabase;

beforeAll(async () => {
  application = await openApplication();
  await revision({ user: 'Ada Example' }, () => Organisation.create({ name: 'Stays Ltd' }));
});

afterAll(() => application.close());

async function names(sql: string): Promise<string[]> {
  const rows = await application.sequelize.query<{ name: string }>(sql, {
    type: QueryTypes.SELECT,
  });
  return rows.map(({ name }) => name).sort();
}

const legacyColumns = (): Promise<string[]> =>
  names(`SELECT table_name || '.' || column_name AS name FROM information_schema.columns
          WHERE table_schema = 'public' AND column_name LIKE 'legacy%' AND table_name NOT LIKE 'dual_write%'`);
const libraryTables = (): Promise<string[]> =>
  names("SELECT tablename AS name FROM pg_tables WHERE tablename LIKE 'dual_write%'");

describe('the database after the exit', () => {
  it('is described by the list completely, before anything is dropped', async () => {
    await expect(libraryTables()).resolves.toEqual([...schema.tables].sort());
    const models = Object.keys(application.models).length;
    await expect(legacyColumns()).resolves.toHaveLength(models * schema.attributes.length);
  });

  it('is not touched by a dry run, which prints the statements', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    await runExit({ root, dryRun: true, log, database: application });
    expect(lines).toContain(
      'ALTER TABLE "contact_orders" DROP COLUMN IF EXISTS "legacy_id", ' +
        'DROP COLUMN IF EXISTS "legacy_modified_at", DROP COLUMN IF EXISTS "legacy_version";',
    );
    expect(lines).toContain('DROP TABLE IF EXISTS "dual_write_known";');
    await expect(legacyColumns()).resolves.not.toHaveLength(0);
  });

  it('is left as it was when one statement fails', async () => {
    const { sequelize, models } = application;
    await sequelize.query('CREATE VIEW in_the_way AS SELECT legacy_id FROM orders');
    await expect(dropLegacyColumns(sequelize, models, schema)).rejects.toThrow('depend on it');
    await sequelize.query('DROP VIEW in_the_way');
    await expect(legacyColumns()).resolves.not.toHaveLength(0);
  });

  it('has no legacy columns and none of the library’s tables, but all rows and versions', async () => {
    await runExit({ root, log: () => undefined, database: application });
    await expect(legacyColumns()).resolves.toEqual([]);
    await expect(libraryTables()).resolves.toEqual([]);
    await expect(names('SELECT name FROM organisations')).resolves.toEqual(['Stays Ltd']);
    await expect(names('SELECT user_name AS name FROM record_revisions')).resolves.toContain(
      'Ada Example',
    );
    await expect(names('SELECT model AS name FROM record_versions')).resolves.toContain(
      'Organisation',
    );
  });

  it('can be left a second time', async () => {
    await expect(
      runExit({ root, log: () => undefined, database: application }),
    ).resolves.toBeUndefined();
  });

  it('refuses models that know of no legacy', async () => {
    const plain = application.sequelize.define('Plain', {});
    await expect(dropLegacyColumns(application.sequelize, [plain], schema)).rejects.toThrow(
      'None of the models has an attribute legacyId',
    );
  });
});
