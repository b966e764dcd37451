import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type Options, Sequelize } from 'sequelize';

/** A database of one test file's own. */
export interface TestDatabase {
  /** `postgres://user:password@127.0.0.1:54321/dual_write_test_…` */
  readonly url: string;
  readonly name: string;
  /** Drop it, ending whoever is still connected. */
  drop(): Promise<void>;
}

const statementsBySequelize = new WeakMap<Sequelize, string[]>();

/**
 * Create a database, empty or the copy of another.
 *
 * @param template - a database to copy, to which nobody is connected.
 */
export async function createTestDatabase(template?: TestDatabase): Promise<TestDatabase> {
  const name = `${fromSetup('TEST_DATABASE_PREFIX')}_${randomBytes(6).toString('hex')}`;
  const url = new URL(fromSetup('TEST_DATABASE_SERVER_URL'));
  const source = template ? `TEMPLATE "${template.name}"` : '';
  // Copying files is faster than logging each page, and nothing here must survive a crash.
  await administer(`CREATE DATABASE "${name}" ${source} STRATEGY file_copy`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: async () => {
      await administer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    },
  };
}

/** Drop every database that this run of the tests has created and left. */
export async function dropTestDatabases(): Promise<void> {
  const left = await administer(
    `SELECT datname FROM pg_database WHERE starts_with(datname, '${fromSetup('TEST_DATABASE_PREFIX')}')`,
  );
  for (const { datname } of left) {
    await administer(`DROP DATABASE IF EXISTS "${String(datname)}" WITH (FORCE)`);
  }
}

/**
 * Connect Sequelize to a test database and note every statement that it sends.
 *
 * The caller closes it, before the database is dropped.
 */
export function openSequelize(database: TestDatabase, options: Options = {}): Sequelize {
  const statements: string[] = [];
  const { logging } = options;
  const sequelize = new Sequelize(database.url, {
    ...options,
    logging: (line, timing) => {
      // 'Executing (default): SELECT 1' or 'Executing (<transaction>): SELECT 1'
      statements.push(line.replace(/^Execut(?:ing|ed) \([^)]*\): /, ''));
      if (typeof logging === 'function') logging(line, timing);
    },
  });
  statementsBySequelize.set(sequelize, statements);
  return sequelize;
}

/** All statements that this Sequelize has sent, oldest first, as SQL without Sequelize's prefix. */
export function statementsOf(sequelize: Sequelize): readonly string[] {
  const statements = statementsBySequelize.get(sequelize);
  if (!statements) throw new Error('Statements are noted only for openSequelize().');
  return statements;
}

/** Give the statements that this Sequelize sends while the work runs. */
export async function recordStatements(
  sequelize: Sequelize,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const before = statementsOf(sequelize).length;
  await work();
  return statementsOf(sequelize).slice(before);
}

/** Count the statements that this Sequelize sends while the work runs. */
export async function countStatements(
  sequelize: Sequelize,
  work: () => Promise<unknown>,
): Promise<number> {
  return (await recordStatements(sequelize, work)).length;
}

/**
 * Empty tables, and let their keys begin at one again. For a handful of rows that takes a hundredth of
 * the time of TRUNCATE, which makes new files for each table and index.
 *
 * @param tables - those first that refer to others.
 */
export async function emptyTables(sequelize: Sequelize, tables: readonly string[]): Promise<void> {
  const names = tables.map((table) => sequelize.escape(table)).join(', ');
  await sequelize.query(`
${tables.map((table) => `DELETE FROM "${table}";`).join('\n')}
SELECT setval(s.oid::regclass, 1, false)
  FROM pg_class s
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
  JOIN pg_class t ON t.oid = d.refobjid
 WHERE s.relkind = 'S' AND t.relname IN (${names})`);
}

async function administer(statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: fromSetup('TEST_DATABASE_SERVER_URL') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

function fromSetup(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with jest, which sets it.`);
  return value;
}
