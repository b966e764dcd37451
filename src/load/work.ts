import { openJobQueue } from '../jobs';
import type { DualWrite } from '../sync';
import { openBulkRuntime } from './bulk-runtime';
import { loadJobs, type LoadJobsOptions } from './load-jobs';

/** What {@link work} may be told. */
export interface WorkOptions extends LoadJobsOptions {
  /** How many parts this process reads at once; default 2. */
  readonly workers?: number;
}

/** Workers of a process. */
export interface Workers {
  /** End after the pages under way. */
  stop(): Promise<void>;
}

/** Work on the loads and verifications that other processes have begun, until `stop`. */
export async function work(
  dualWrite: DualWrite,
  { workers = 2, ...jobs }: WorkOptions = {},
): Promise<Workers> {
  const runtime = openBulkRuntime(dualWrite, workers);
  await dualWrite.prepare();
  const queue = await openJobQueue(runtime.sequelize, {
    onError: ({ message }) =>
      runtime.logger?.warn({ reason: message }, 'The queue of jobs reports an error'),
  });
  const kind = loadJobs(runtime, queue, jobs);
  await queue.prepare(kind);
  await queue.work(kind, workers);
  return {
    stop: async () => {
      await queue.close();
      await runtime.close();
    },
  };
}
