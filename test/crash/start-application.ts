import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { QueryTypes } from 'sequelize';
import type { DualWorld, Face } from '../support/dual-world';
import { applicationName, type Orders, type Report } from './orders';
import { until } from './until';

/** An application at work in a process of its own. */
export interface ApplicationProcess {
  /** What it has said so far. */
  readonly reports: readonly Report[];
  /** Kill it with SIGKILL, unless it has ended. */
  kill(): Promise<void>;
  /** Resolves when it has ended, by itself or not, and its connections to the database, too. */
  ended(): Promise<void>;
}

/** What a test chooses of the orders. */
export type Chosen = Pick<Orders, 'work'> &
  Partial<Pick<Orders, 'legacyUrl' | 'databaseUrl' | 'timeoutMs' | 'killAt'>>;

/** A process loads its code for longer than it works: the next one does so meanwhile. */
let spare: ChildProcess | undefined;

function spawnApplication(): ChildProcess {
  const script = path.join(__dirname, 'application.ts');
  return spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** End the process that waits for orders that will not come. */
export async function endSpareApplication(): Promise<void> {
  const child = spare;
  spare = undefined;
  if (child?.exitCode !== null) return;
  const exited = once(child, 'close');
  child.kill('SIGKILL');
  await exited;
}

/** Start an application process on the world's database and CRM, and set it to work. */
export function startApplication(world: DualWorld, face: Face, chosen: Chosen): ApplicationProcess {
  const { sandbox, database } = world;
  const legacyUrl = face === 'dataverse' ? sandbox.urlDataverse : sandbox.url2011;
  const given = { databaseUrl: database.url, legacyUrl, timeoutMs: 20_000, killAt: 0, ...chosen };
  const orders: Orders = { face, ...given };
  const child = spare ?? spawnApplication();
  spare = spawnApplication();
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
