import { Sequelize, type Options } from 'sequelize';

/** How many connections the library keeps for itself. */
export const poolSize = 4;

/** Whether Sequelize sends reads to replicas. */
export function isReplicated(sequelize: Sequelize): boolean {
  const { options } = sequelize as unknown as { options: Options };
  return Boolean(options.replication);
}

/**
 * Open the library's own small pool on the application's database, with the same options: a refresh
 * must never wait for a connection that an application transaction holds while it waits for the
 * refresh.
 *
 * NOTE: `Sequelize.useCLS` is global, and a query on this instance would run on the application's
 * transaction; so every statement here says `transaction` explicitly, `null` for none.
 */
export function openPool(sequelize: Sequelize, max = poolSize): Sequelize {
  const { options, config } = sequelize as unknown as {
    options: Options;
    config: { database: string; username: string; password: string };
  };
  const { replication, ...others } = options;
  // NOTE: every statement here is for the primary, although many are declared as SELECT.
  const primary = replication ? replication.write : {};
  const { port, ...server } = primary;
  const { database, username, password } = { ...config, ...server };
  return new Sequelize(database, username, password, {
    ...others,
    ...server,
    ...(port !== undefined && { port: Number(port) }),
    pool: { ...options.pool, max, min: 0 },
    define: {},
    sync: {},
  });
}
