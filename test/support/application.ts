import { type ApplicationDatabase, openDatabase } from '../../src/example/database';
import { createTestDatabase } from './database';
// exit: remove from here
import { startSandbox } from '../../legacy-client/sandbox';
import { joinLegacy } from '../../src/example/join-legacy';
import { countryRecords, sectorRecords } from '../../src/example/reference-data';
// exit: remove to here

/** Open the example application on a database of its own; closing it drops the database. */
export async function openApplication(): Promise<ApplicationDatabase> {
  const testDatabase = await createTestDatabase();
  const database = await openDatabase(testDatabase.url);
  const closing = [() => testDatabase.drop(), () => database.close()];

  // exit: remove from here
  const sandbox = await startSandbox();
  closing.push(() => sandbox.close());
  for (const { logicalName, records } of [countryRecords(), sectorRecords()]) {
    await sandbox.load(logicalName, records);
  }
  const legacy = await joinLegacy(database.sequelize, sandbox.url2011);
  closing.push(() => legacy.close());
  // exit: remove to here

  return {
    ...database,
    close: async () => {
      for (const close of closing.reverse()) await close();
    },
  };
}
