import { QueryTypes } from 'sequelize';
import type { CrashWorld } from './crash-world';
import { applicationName } from './orders';
import { type Fate, startTcpProxy, type TcpProxy } from './tcp-proxy';

/** What PostgreSQL, or the way to it, may do to a transaction. */
export const databaseFaults = [
  'COMMIT never arrives',
  "COMMIT's answer is lost",
  'serialization failure of a statement',
  'serialization failure at COMMIT',
  'backend terminated before COMMIT',
  'backend terminated after COMMIT',
  'disk full for a statement',
  'disk full at COMMIT',
  'connection refused',
] as const;
export type DatabaseFault = (typeof databaseFaults)[number];

/** A way to the world's database on which things go wrong. */
export interface FaultyDatabase {
  readonly url: string;
  /** Have this happen to the next transaction that writes to the CRM. */
  prepare(fault: DatabaseFault): Promise<void>;
  /** From now on everything goes well. */
  repair(): Promise<void>;
  close(): Promise<void>;
}

/** How long new connections are refused, in milliseconds. */
const refusedMs = 250;

/**
 * Open a way to a database for {@link databaseFaults}: a proxy, and triggers for what cannot be had
 * otherwise. Serialization failures are real: another transaction gets into conflict. A full disk is
 * not: triggers raise its error (53100), at each change of a row or, deferred, at COMMIT.
 */
export async function openFaultyDatabase(world: CrashWorld): Promise<FaultyDatabase> {
  await prepareTables(world);
  const url = new URL(world.database.url);
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  return {
    url: url.href,
    prepare: async (fault) => {
      if (fault === 'disk full at COMMIT') await setDisk(world, 'full at COMMIT');
      watch(world, proxy, fault);
    },
    repair: async () => {
      proxy.judge(() => 'forward');
      await setDisk(world, 'free');
    },
    close: () => proxy.close(),
  };
}

const watchedTables = ['organisations', 'contacts', 'errands', 'sector_links', 'record_versions'];

async function prepareTables({ sequelize }: CrashWorld): Promise<void> {
  await sequelize.query(`
CREATE TABLE crash_conflicts (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO crash_conflicts VALUES (1, 0), (2, 0);
CREATE TABLE crash_disk (state text NOT NULL);
INSERT INTO crash_disk VALUES ('free');
CREATE FUNCTION crash_disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT state FROM crash_disk) = TG_ARGV[0] THEN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
  END IF;
  RETURN NULL;
END $$;`);
  for (const table of watchedTables) {
    await sequelize.query(`
CREATE TRIGGER crash_disk AFTER INSERT OR UPDATE OR DELETE ON ${table}
  FOR EACH ROW EXECUTE FUNCTION crash_disk_full('full');
CREATE CONSTRAINT TRIGGER crash_disk_at_commit AFTER INSERT OR UPDATE OR DELETE ON ${table}
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION crash_disk_full('full at COMMIT');`);
  }
}

type DiskState = 'free' | 'full' | 'full at COMMIT';

async function setDisk({ sequelize }: CrashWorld, state: DiskState): Promise<void> {
  await sequelize.query('UPDATE crash_disk SET state = $1', { bind: [state] });
}

/** Get into conflict with whoever has read all rows, and written the first. */
async function conflict({ sequelize }: CrashWorld): Promise<void> {
  const options = { isolationLevel: 'SERIALIZABLE' as never };
  await sequelize.transaction(options, async (transaction) => {
    await sequelize.query('SELECT sum(n) FROM crash_conflicts', { transaction });
    await sequelize.query('UPDATE crash_conflicts SET n = n + 1 WHERE id = 2', { transaction });
  });
}

async function terminate({ sequelize }: CrashWorld): Promise<void> {
  await sequelize.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = $1 AND datname = current_database()`,
    { bind: [applicationName], type: QueryTypes.SELECT },
  );
}

/** What happens when the first intent is noted, or COMMIT is on its way, and what becomes of that. */
const actions: Readonly<
  Record<
    DatabaseFault,
    readonly ['noting' | 'COMMIT', (world: CrashWorld, proxy: TcpProxy) => Promise<Fate>]
  >
> = {
  'COMMIT never arrives': ['COMMIT', () => Promise.resolve('cut')],
  "COMMIT's answer is lost": ['COMMIT', () => Promise.resolve('cut after')],
  'serialization failure of a statement': ['noting', (world) => conflict(world).then(forward)],
  'serialization failure at COMMIT': ['COMMIT', (world) => conflict(world).then(forward)],
  'backend terminated before COMMIT': ['COMMIT', (world) => terminate(world).then(forward)],
  'backend terminated after COMMIT': [
    'COMMIT',
    (world) => {
      setTimeout(() => void terminate(world), 10);
      return Promise.resolve('forward');
    },
  ],
  'disk full for a statement': ['noting', (world) => setDisk(world, 'full').then(forward)],
  'disk full at COMMIT': ['noting', () => Promise.resolve('forward')],
  'connection refused': [
    'COMMIT',
    (_, proxy) => {
      void proxy.refuse(refusedMs);
      return Promise.resolve('cut');
    },
  ],
};

const forward = (): Fate => 'forward';

function watch(world: CrashWorld, proxy: TcpProxy, fault: DatabaseFault): void {
  const [when, act] = actions[fault];
  let isNoted = false;
  let isOver = false;
  proxy.judge((text) => {
    const isNoting = text.includes('INSERT INTO dual_write_done');
    isNoted ||= isNoting;
    const isTime = when === 'noting' ? isNoting : isNoted && text.includes('COMMIT;\0');
    if (isOver || !isTime) return 'forward';
    isOver = true;
    return act(world, proxy);
  });
}
