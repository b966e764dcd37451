import { dropTestDatabases } from './database';

/** Drop what the run has left on a server that is not ours, and stop one that is. */
module.exports = async function stopDatabaseServer(): Promise<void> {
  if (process.env.DATABASE_URL) await dropTestDatabases();
  await globalThis.testDatabaseServer?.stop();
};
