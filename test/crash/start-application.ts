import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { QueryTypes } from 'sequelize';
import type { DualWorld, Face } from '../support/dual-world';
import { applicationBundle } from './application-bundle';
import { applicationName, type Orders, type Report } from './orders';
import { until } from './until';

/** An application at work in a process of its own. */
export interface ApplicationProcess {
  /** What it has said so far. */
  readonly reports: readonly Report[];
  /** Kill it with SIGKILL, unless it has ended. */
  kill(): Promise<void>;
  /**
   * Resolves when it has ended, and its connections to the database, too.
   *
   * @returns whether it was killed.
   * @throws Error when it has ended with a failure of its own.
   */
  ended(): Promise<boolean>;
}

/** What a test chooses of the orders. */
export type Chosen = Partial<Omit<Orders, 'face'>>;

/** A process loads its code while others work, so that the next is ready. */
let spare: ChildProcess | undefined;

function spawnApplication(): ChildProcess {
  return spawn(process.execPath, applicationBundle().args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** End the process that waits for orders that will not come. */
export async function endSpareApplication(): Promise<void> {
  const child = spare;
  spare = undefined;
  if (!child || hasEnded(child)) return;
  const exited = once(child, 'close');
  child.kill('SIGKILL');
  await exited;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Start an application process on the world's database and CRM, and set it to work. */
export function startApplication(world: DualWorld, face: Face, chosen: Chosen): ApplicationProcess {
  const { sandbox, database } = world;
  const orders: Orders = {
    face,
    databaseUrl: database.url,
    legacyUrl: face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011,
    timeoutMs: 20_000,
    lanes: [],
    recoveries: 0,
    killAt: 0,
    cutAt: 0,
    ...chosen,
  };
  const child = spare && !hasEnded(spare) ? spare : spawnApplication();
  spare = spawnApplication();
  return follow(world, child, orders);
}

function follow(world: DualWorld, child: ChildProcess, orders: Orders): ApplicationProcess {
  const exited = once(child, 'close');
  const reports: Report[] = [];
  if (!child.stdout || !child.stdin) throw new Error('The application has no pipes.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    reports.push(JSON.parse(line) as Report);
  });
  child.stdin.write(`${JSON.stringify(orders)}\n`);
  return {
    reports,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    ended: async () => {
      await exited;
      await until('the connections of the application are gone', () => isGone(world));
      if (child.exitCode === null || child.exitCode === 0) return child.signalCode === 'SIGKILL';
      throw new Error(`The application ended with ${child.exitCode}; its errors are above.`);
    },
  };
}

async function isGone({ sequelize }: DualWorld): Promise<boolean> {
  const rows = await sequelize.query(
    'SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    { bind: [applicationName], type: QueryTypes.SELECT },
  );
  return rows.length === 0;
}
