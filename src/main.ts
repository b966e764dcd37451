import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { countRecords } from './example/application';
import { openDatabase } from './example/database';
import { databaseServer } from './example/embedded-postgres';
// exit: remove from here
import { startSandboxProcess } from '../legacy-client/sandbox';
import { joinLegacy } from './example/join-legacy';
import { takeTour } from './example/tour';
// exit: remove to here

/** Start the example application, on the database of `DATABASE_URL` or one that it starts. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const closing: (() => Promise<void>)[] = [];
  try {
    const server = await databaseServer();
    closing.unshift(() => server.stop());
    const database = await openDatabase(server.url);
    closing.unshift(() => database.close());

    // exit: remove from here
    const sandbox = await startSandboxProcess();
    closing.unshift(() => sandbox.close());
    const legacy = await joinLegacy(database.sequelize, sandbox.url2011);
    closing.unshift(() => legacy.close());
    const print = (line: string): void => console.log(line);
    const areEqual = await takeTour({ database, databaseUrl: server.url, sandbox, print });
    if (!areEqual) process.exitCode = 1;
    // exit: remove to here

    console.log('\nThe application holds');
    for (const [name, count] of await countRecords(database.models)) {
      console.log(`   ${name.padEnd(14)}${String(count).padStart(5)}`);
    }
    if (values.keep) {
      const place = process.env.DATABASE_URL ? 'where DATABASE_URL says' : `psql '${server.url}'`;
      console.log(`\nBoth sides stay up. PostgreSQL: ${place}`);
      // exit: remove from here
      console.log('The CRM, which asks for no login:');
      console.log(
        `   createLegacyClient({ dialect: 'dynamics2011', baseUrl: '${sandbox.url2011}' })`,
      );
      // exit: remove to here
      console.log('End with Ctrl-C.');
      await once(process, 'SIGINT');
    }
  } finally {
    for (const close of closing) await close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
