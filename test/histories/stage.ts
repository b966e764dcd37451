import { QueryTypes } from 'sequelize';
import { openDualWorld, type DualWorld, type Face } from '../support/dual-world';
import { until } from '../crash/until';
import { ApplicationProcess } from './application-process';
import { watchTables } from './oracle';
import { applicationName, type Connection } from './orders';

/** How much was tried. */
export interface Tally {
  histories: number;
  commands: number;
  calls: number;
  reads: number;
  edits: number;
  kills: number;
  recoveries: number;
  faults: number;
  clockJumps: number;
  /** Calls after which something was open. */
  doubts: number;
  failures: number;
}

/** A tally of nothing yet. */
export function emptyTally(): Tally {
  return {
    ...{ histories: 0, commands: 0, calls: 0, reads: 0, edits: 0, kills: 0 },
    ...{ recoveries: 0, faults: 0, clockJumps: 0, doubts: 0, failures: 0 },
  };
}

/** Where histories are played, one after the other. */
export interface Stage {
  readonly world: DualWorld;
  readonly face: Face;
  readonly tally: Tally;
  /** The tables that the library keeps for itself. */
  readonly bookkeeping: readonly string[];
  application: ApplicationProcess | undefined;
}

/** Open a stage; the caller closes it by {@link closeStage}. */
export async function openStage(face: Face, tally: Tally = emptyTally()): Promise<Stage> {
  // A handful of records is soon half of a table; a loaded machine is no fault.
  const limits = { maxRemovalShare: 1 };
  const world = await openDualWorld({ face, limits, recoverEveryMs: 0, timeoutMs: 30_000 });
  const tables = await world.sequelize.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
      WHERE tablename ~ '^(dual_write|record)_' AND tablename !~ 'migrations$'`,
    { type: QueryTypes.SELECT },
  );
  await watchTables(world);
  const bookkeeping = tables.map(({ name }) => name);
  return { world, face, tally, bookkeeping, application: undefined };
}

/** Close a stage, and end its application. */
export async function closeStage({ world, application }: Stage): Promise<void> {
  await application?.kill();
  await world.close();
}

/** Empty both sides. */
export async function clear({ world, bookkeeping }: Stage): Promise<void> {
  await world.sandbox.reset();
  // Much faster than TRUNCATE for a handful of rows.
  const tables = ['contacts', 'organisations', ...bookkeeping, 'committed_changes'];
  await world.sequelize.query(tables.map((table) => `DELETE FROM "${table}"`).join('; '));
}

/** How an application of a stage is connected. */
export function connectionOf(
  { world, face }: Stage,
  chosen: Pick<Connection, 'recoverEveryMs' | 'isFollowing' | 'isWaiting'>,
): Connection {
  const { sandbox, database } = world;
  const legacyUrl = face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011;
  return { databaseUrl: database.url, legacyUrl, face, timeoutMs: 2000, ...chosen };
}

/** Wait until PostgreSQL has noticed that the application is dead. */
export async function awaitItsEnd({ world: { sequelize } }: Stage): Promise<void> {
  await until('the connections of the application are gone', async () => {
    const rows = await sequelize.query(
      'SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
      { bind: [applicationName], type: QueryTypes.SELECT },
    );
    return rows.length === 0;
  });
}

const methods = {
  dynamics2011: { GET: 'GET', create: 'POST', update: 'MERGE', DELETE: 'DELETE' },
  dataverse: { GET: 'GET', create: 'PATCH', update: 'PATCH', DELETE: 'DELETE' },
} as const;

/** The request that a service sees. */
export function methodOf(face: Face, method: keyof (typeof methods)['dataverse']): string {
  return methods[face][method];
}
