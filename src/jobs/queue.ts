import type PgBoss from 'pg-boss';
import type { Options, Sequelize } from 'sequelize';

/** The schema that the queue's tables are in. */
const defaultJobSchema = 'background_jobs';

/** How a kind of job is carried out. */
export interface JobKind<Data extends object> {
  /** Letters, digits, `-`, `_` and `.`: the same in every process. */
  readonly name: string;
  /**
   * How long a job may take, in seconds, before it counts as lost with its worker and is given to
   * another one.
   */
  readonly expireInSeconds: number;
  /** How often a job that fails is tried again, with growing rests between. */
  readonly retryLimit: number;
  /** Carries a job out; what it throws fails the job. */
  run(data: Data, signal: AbortSignal): Promise<void>;
}

/** What {@link openJobQueue} may be told. */
export interface JobQueueOptions {
  /** Default `background_jobs`. */
  readonly schema?: string;
  /** Told of failures that no job can be blamed for: a connection that was lost. */
  readonly onError?: (error: Error) => void;
}

/** A queue of jobs in the application's database. */
export interface JobQueue {
  /** Make a kind of job known to the database. Idempotent. */
  prepare<Data extends object>(kind: JobKind<Data>): Promise<void>;
  /**
   * Add a job.
   *
   * @param key - while a job of this key waits, another one is not added.
   */
  send<Data extends object>(kind: JobKind<Data>, data: Data, key: string): Promise<void>;
  /** Carry jobs out, this many at a time, until `close`. */
  work<Data extends object>(kind: JobKind<Data>, workers: number): Promise<void>;
  /** Tell the jobs under way to end, wait for them, and close the connections. */
  close(): Promise<void>;
}

/** How often a worker without work looks for some. */
const pollSeconds = 0.5;

/** How long `close` waits for jobs under way. */
const closingMs = 30_000;

/**
 * Open a queue of jobs on the database of a Sequelize instance: pg-boss, in a schema of its own, on
 * connections of its own. Its tables are made at the first use; that needs the right to create a
 * schema.
 */
export async function openJobQueue(
  sequelize: Sequelize,
  { schema = defaultJobSchema, onError = () => undefined }: JobQueueOptions = {},
): Promise<JobQueue> {
  // NOTE: not at the top of the file: whoever runs no jobs must not load it.
  const { default: Boss } = await import('pg-boss');
  const boss = new Boss({ ...connectionOf(sequelize), schema, schedule: false, max: 4 });
  boss.on('error', onError);
  await boss.start();
  return new BossQueue(boss);
}

/** NOTE: Sequelize's types do not name what it keeps of its options. */
function connectionOf(sequelize: Sequelize): PgBoss.DatabaseOptions {
  const { config, options } = sequelize as unknown as {
    config: {
      host?: string;
      port?: number | string;
      database: string;
      username: string;
      password: string;
    };
    options: Options;
  };
  const { ssl } = (options.dialectOptions ?? {}) as { ssl?: unknown };
  return {
    ...{ database: config.database, user: config.username, password: config.password },
    ...(config.host !== undefined && { host: config.host }),
    ...(config.port !== undefined && { port: Number(config.port) }),
    ...(ssl !== undefined && { ssl }),
    application_name: 'background jobs',
  };
}

class BossQueue implements JobQueue {
  readonly #ending = new AbortController();
  readonly #workers: string[] = [];

  constructor(private readonly boss: PgBoss) {}

  async prepare<Data extends object>({ name, ...kind }: JobKind<Data>): Promise<void> {
    const { expireInSeconds, retryLimit } = kind;
    // 'short': of one key, one job may wait, whatever the number of those under way.
    const policy = 'short' as const;
    const options = { ...{ name, policy, expireInSeconds, retryLimit }, retryBackoff: true };
    // NOTE: several processes may do so at once, and pg-boss itself does nothing the second time.
    await this.boss.createQueue(name, options);
  }

  async send<Data extends object>(kind: JobKind<Data>, data: Data, key: string): Promise<void> {
    await this.boss.send(kind.name, data, { singletonKey: key });
    // Those of this process need not wait for their next look.
    for (const worker of this.#workers) this.boss.notifyWorker(worker);
  }

  async work<Data extends object>(kind: JobKind<Data>, workers: number): Promise<void> {
    const options = { batchSize: 1, pollingIntervalSeconds: pollSeconds };
    for (let worker = 0; worker < workers; worker += 1) {
      const id = await this.boss.work<Data>(kind.name, options, async (jobs) => {
        for (const { data } of jobs) await kind.run(data, this.#ending.signal);
      });
      this.#workers.push(id);
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.boss.stop({ graceful: true, wait: true, timeout: closingMs });
  }
}
