import { randomBytes } from 'node:crypto';
import { databaseServer, type DatabaseServer } from '../../src/example/embedded-postgres';

declare global {
  /** Handed from jest's set-up to its tear-down, which share nothing else. */
  var testDatabaseServer: DatabaseServer | undefined;
}

/** Start one PostgreSQL for the whole run, or take the one that `DATABASE_URL` names. */
module.exports = async function startDatabaseServer(): Promise<void> {
  const server = await databaseServer();
  globalThis.testDatabaseServer = server;
  process.env.TEST_DATABASE_SERVER_URL = server.url;
  process.env.TEST_DATABASE_PREFIX = `dual_write_test_${randomBytes(4).toString('hex')}`;
};
