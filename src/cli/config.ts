import type { Sequelize } from 'sequelize';
import type { DualWrite } from '../sync';

/** What the command works on while it runs. */
export interface ConnectedDualWrite {
  readonly dualWrite: DualWrite;
  /** The application's, with its models: `exit --database` and `versions` need it. */
  readonly sequelize?: Sequelize;
  /** Close everything that `connect` has opened: the command ends when nothing is left open. */
  close(): Promise<void>;
}

/** What `dual-write.config.ts` says: how the command reaches the application's two stores. */
export interface DualWriteConfig {
  /** Called once for each run of a command that needs the stores; never for `--help`. */
  connect(): Promise<ConnectedDualWrite>;
}

/**
 * Type the contents of `dual-write.config.ts`, which the command line reads. The file exports what
 * this gives as its default, or under the name `config`.
 *
 * @param config - the configuration, or its `connect` alone.
 * @example
 * export default defineConfig(async () => {
 *   const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false });
 *   defineModels(sequelize);
 *   const client = createLegacyClient({ baseUrl: process.env.CRM_URL, dialect: 'dynamics2011' });
 *   const dualWrite = await connectLegacy(sequelize, { client, migrators });
 *   return {
 *     dualWrite,
 *     sequelize,
 *     close: async () => {
 *       await dualWrite.close();
 *       client.close();
 *       await sequelize.close();
 *     },
 *   };
 * });
 */
export function defineConfig(
  config: DualWriteConfig | DualWriteConfig['connect'],
): DualWriteConfig {
  return typeof config === 'function' ? { connect: config } : config;
}
