import { openJobQueue } from '../jobs';
import type { Mapping } from '../mapping';
import type { DualWrite } from '../sync';
import { openBulkRuntime, type BulkRuntime } from './bulk-runtime';
import { chosenMappings } from './chosen';
import { coordinate, type LoadProgress } from './coordinate';
import { loadJobs, type LoadJobsOptions } from './load-jobs';
import { beginLoad, endLoad, openLoad, type Load } from './load-state';
import { planParts, type PlannedPart } from './plan';

/** What a load may be told. */
export interface LoadOptions extends LoadJobsOptions {
  /** Names of models; default: all that are mapped. */
  readonly models?: readonly string[];
  /** How many parts this process reads at once; 0 leaves all to others (`work`). Default 2. */
  readonly workers?: number;
  /**
   * Into how many parts a large model is divided, by the time of creation; default: as many as there
   * are workers, and at least 4 where all is left to others.
   */
  readonly parts?: number;
  /** Records from which on a model is divided; default 20,000. */
  readonly divideFrom?: number;
  /** Begin anew, instead of going on with what was interrupted. */
  readonly restart?: boolean;
  /** Called several times a second, while parts are read. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Interrupts it after the pages under way; the next call goes on. */
  readonly signal?: AbortSignal;
}

/** A load whose parts have been read. */
export interface ReadLoad {
  readonly runtime: BulkRuntime;
  readonly load: Load;
  readonly mappings: readonly Mapping[];
  /** It went on with one that had been interrupted. */
  readonly isResumed: boolean;
}

/** What one kind of load does of its own. */
export interface LoadRun<Report> {
  readonly kind: Load['kind'];
  /** Has the parts read in another order than parents before children. */
  readonly order?: (parts: readonly PlannedPart[]) => readonly PlannedPart[];
  /** What is to be done when all parts have been read; the load is over then. */
  readonly complete: (read: ReadLoad) => Promise<void>;
  readonly report: (read: ReadLoad) => Promise<Report>;
}

const defaultDivideFrom = 20_000;
const partsForOthers = 4;

/**
 * Begin a load, or go on with one that was interrupted, have its parts read, complete and report it.
 *
 * @throws LoadInterruptedError when it cannot be brought to its end now.
 * @throws NotConnectedError when a model is not mapped.
 */
export async function inLoad<Report>(
  dualWrite: DualWrite,
  options: LoadOptions,
  { kind, order = (parts) => parts, complete, report }: LoadRun<Report>,
): Promise<Report> {
  const { workers = 2, restart = false } = options;
  const mappings = chosenMappings(dualWrite, options.models);
  const runtime = openBulkRuntime(dualWrite, workers);
  const begin = async (): Promise<Load> => {
    const parts = order(await planParts(runtime, mappings, divisionOf(options)));
    return beginLoad(runtime, kind, { mappings, parts });
  };
  try {
    await dualWrite.prepare();
    const resumed = restart ? undefined : await openLoad(runtime, kind, mappings);
    const load = resumed ?? (await begin());
    await runLoad(runtime, load, options);
    const read = { runtime, load, mappings, isResumed: resumed !== undefined };
    await complete(read);
    await endLoad(runtime, load);
    return await report(read);
  } finally {
    await runtime.close();
  }
}

/** How models are divided, by what the caller has said. */
export function divisionOf({ workers = 2, parts, divideFrom = defaultDivideFrom }: LoadOptions): {
  readonly parts: number;
  readonly fromRecords: number;
} {
  const wanted = workers === 0 ? partsForOthers : workers;
  return { parts: parts ?? wanted, fromRecords: divideFrom };
}

/** Have the parts of a load read, by workers of this process and others. */
async function runLoad(
  runtime: BulkRuntime,
  load: Load,
  { workers = 2, onProgress, signal, ...jobs }: LoadOptions,
): Promise<void> {
  const { sequelize, logger } = runtime;
  const queue = await openJobQueue(sequelize, {
    onError: (error) =>
      logger?.warn({ reason: error.message }, 'The queue of jobs reports an error'),
  });
  try {
    const kind = loadJobs(runtime, queue, jobs);
    await queue.prepare(kind);
    await queue.work(kind, workers);
    await coordinate({ runtime, queue, kind, load, onProgress, signal });
  } finally {
    await queue.close();
  }
}
