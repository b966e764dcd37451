import type { Sequelize, Transaction } from 'sequelize';
import { Umzug, type UmzugStorage } from 'umzug';

/** Any number that nobody else locks: the bytes of 'revision'. */
const lockKey = '8243108442173140846';

interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

const migrations: readonly Migration[] = [
  {
    name: '0001-revisions-and-versions',
    statements: [
      `CREATE TABLE record_revisions (
         id uuid PRIMARY KEY,
         user_name text,
         comment text,
         meta jsonb,
         at timestamptz NOT NULL
       )`,
      'CREATE INDEX record_revisions_at ON record_revisions (at)',
      // No foreign key: a row that is deleted leaves its version at once, its revision is written at
      // the end of the transaction; and a deferred key would fail an application that sets its
      // constraints to IMMEDIATE in between.
      `CREATE TABLE record_versions (
         id bigserial PRIMARY KEY,
         revision_id uuid NOT NULL,
         model text NOT NULL,
         record_key text NOT NULL,
         kind text NOT NULL CHECK (kind IN ('created', 'updated', 'deleted')),
         "values" jsonb NOT NULL,
         at timestamptz NOT NULL
       )`,
      'CREATE INDEX record_versions_record ON record_versions (model, record_key, id)',
      'CREATE INDEX record_versions_revision ON record_versions (revision_id)',
      `CREATE INDEX record_versions_deleted ON record_versions (model, id) WHERE kind = 'deleted'`,
    ],
  },
];

/**
 * Create the tables of the revisions, or bring them up to date. May be called at any time and by
 * several processes at once.
 *
 * Needs PostgreSQL 13 or later, and the right to create tables.
 */
export async function prepareRevisions(sequelize: Sequelize): Promise<void> {
  await sequelize.transaction(async (transaction) => {
    await sequelize.query(`SELECT pg_advisory_xact_lock(${lockKey})`, { transaction });
    await new Umzug({
      migrations: migrations.map(({ name, statements }) => ({
        name,
        up: async () => {
          for (const statement of statements) await sequelize.query(statement, { transaction });
        },
      })),
      storage: migrationTable(sequelize, transaction),
      logger: undefined,
    }).up();
  });
}

/** NOTE: umzug's own storage for Sequelize cannot work within a transaction. */
function migrationTable(sequelize: Sequelize, transaction: Transaction): UmzugStorage {
  return {
    logMigration: async ({ name }) => {
      await sequelize.query('INSERT INTO record_migrations (name) VALUES ($1)', {
        bind: [name],
        transaction,
      });
    },
    unlogMigration: async ({ name }) => {
      await sequelize.query('DELETE FROM record_migrations WHERE name = $1', {
        bind: [name],
        transaction,
      });
    },
    executed: async () => {
      await sequelize.query(
        'CREATE TABLE IF NOT EXISTS record_migrations (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
        { transaction },
      );
      const [rows] = await sequelize.query('SELECT name FROM record_migrations ORDER BY name', {
        transaction,
      });
      return (rows as { name: string }[]).map(({ name }) => name);
    },
  };
}
