import type { Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import { schemaSteps } from './migrations';

/** One number for all processes; an arbitrary one, taken from the table's name. */
const lockId = 4_711_002;

/**
 * Bring the sync layer's own tables up to date. Idempotent, and safe when several processes start
 * at once: they take turns.
 */
export async function prepareSchema(pool: Sequelize): Promise<void> {
  const turn = await pool.transaction({ transaction: null });
  try {
    await pool.query('SELECT pg_advisory_xact_lock($1)', { bind: [lockId], transaction: turn });
    const umzug = new Umzug({
      migrations: schemaSteps.map((step) => ({
        name: step.name,
        up: async () => step.up(pool.getQueryInterface()),
      })),
      context: pool.getQueryInterface(),
      storage: new SequelizeStorage({ sequelize: pool, tableName: 'dual_write_migrations' }),
      logger: undefined,
    });
    await umzug.up();
    await turn.commit();
  } catch (error) {
    await turn.rollback();
    throw error;
  }
}
