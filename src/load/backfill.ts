import { QueryTypes } from 'sequelize';
import type { Mapping } from '../mapping';
import { openJobQueue } from '../jobs';
import type { DualWrite } from '../sync';
import { localTable } from '../sync/local-table';
import type { Runtime } from '../sync/runtime';
import { openBulkRuntime, type BulkRuntime } from './bulk-runtime';
import { chosenMappings } from './chosen';
import { coordinate, type LoadProgress } from './coordinate';
import { countFindings, findingsOf, type Finding } from './findings';
import { linkWhatCame } from './links';
import { loadJobs, type LoadJobsOptions } from './load-jobs';
import { beginLoad, endLoad, openLoad, partsOfLoad, type Load } from './load-state';
import { planParts } from './plan';

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

/** What a load has done of one model. */
export interface LoadedModel {
  readonly model: string;
  /** Records that were read. */
  readonly records: number;
  /** Rows that were not here before. */
  readonly created: number;
  readonly rejected: number;
  /** Rows with local changes, which stay. */
  readonly ahead: number;
}

/** The report of a load. */
export interface BackfillReport {
  readonly load: string;
  /** It went on with one that had been interrupted. */
  readonly isResumed: boolean;
  readonly models: readonly LoadedModel[];
  /** With the reason in `detail.reason`; the first thousand. */
  readonly rejected: readonly Finding[];
  /** The first thousand. */
  readonly ahead: readonly Finding[];
}

const shownFindings = 1000;
const defaultDivideFrom = 20_000;
const partsForOthers = 4;

/**
 * Copy models completely: parents before children, several parts at once, each page in one
 * transaction with the note of how far its part is. An interrupted load is gone on with.
 *
 * A record that cannot be kept here stops nothing: it is listed in the report and in
 * `dual_write_rejected`.
 *
 * @throws LoadInterruptedError when it cannot be brought to its end now.
 * @throws NotConnectedError when a model is not mapped.
 */
export async function backfill(
  dualWrite: DualWrite,
  options: LoadOptions = {},
): Promise<BackfillReport> {
  const { workers = 2, restart = false } = options;
  const mappings = chosenMappings(dualWrite, options.models);
  const runtime = openBulkRuntime(dualWrite, workers);
  try {
    await dualWrite.prepare();
    const resumed = restart ? undefined : await openLoad(runtime, 'backfill', mappings);
    const load = resumed ?? (await begin(runtime, mappings, options));
    await runLoad(runtime, load, options);
    await linkWhatCame(runtime, load.id, mappings);
    await endLoad(runtime, load);
    return await reportOf(runtime, load, resumed !== undefined);
  } finally {
    await runtime.close();
  }
}

async function begin(
  runtime: BulkRuntime,
  mappings: readonly Mapping[],
  options: LoadOptions,
): Promise<Load> {
  const parts = await planParts(runtime, mappings, divisionOf(options));
  return beginLoad(runtime, 'backfill', { mappings, parts });
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
export async function runLoad(
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

async function reportOf(
  runtime: BulkRuntime,
  load: Load,
  isResumed: boolean,
): Promise<BackfillReport> {
  const parts = await partsOfLoad(runtime, load.id);
  const counts = await countFindings(runtime, load.id);
  const countOf = (model: string, kind: string): number =>
    counts.find((one) => one.model === model && one.kind === kind)?.count ?? 0;
  const names = [
    ...new Set([...parts.map(({ model }) => model), ...counts.map((one) => one.model)]),
  ];
  const models = names.map((model): LoadedModel => {
    const own = parts.filter((part) => part.model === model);
    return {
      model,
      records: own.reduce((all, { records }) => all + records, 0),
      created: own.reduce((all, { created }) => all + created, 0),
      rejected: countOf(model, 'rejected'),
      ahead: countOf(model, 'ahead'),
    };
  });
  const found = async (kind: string): Promise<Finding[]> =>
    findingsOf(runtime, load.id, { after: '0', limit: shownFindings, kinds: [kind] });
  return {
    ...{ load: load.id, isResumed, models },
    ...{ rejected: await found('rejected'), ahead: await found('ahead') },
  };
}

/** What a load would do. */
export interface PlannedModel {
  readonly model: string;
  /** Models of one level are read at once. */
  readonly level: number;
  readonly parts: number;
  /** Over there; null where the service does not count. */
  readonly records: number | null;
  readonly rowsHere: number;
}

/** Say what a load would do; a few requests for counts, and nothing is written. */
export async function planBackfill(
  dualWrite: DualWrite,
  options: LoadOptions = {},
): Promise<PlannedModel[]> {
  const mappings = chosenMappings(dualWrite, options.models);
  const runtime = openBulkRuntime(dualWrite, 1);
  try {
    const parts = await planParts(runtime, mappings, divisionOf(options));
    const firsts = parts.filter(({ part }) => part === 0);
    return await Promise.all(
      firsts.map(async ({ model, level, total }) => ({
        ...{ model, level, records: total },
        parts: parts.filter((part) => part.model === model).length,
        rowsHere: await rowsOf(runtime, runtime.registry.get(model)),
      })),
    );
  } finally {
    await runtime.close();
  }
}

async function rowsOf({ pool }: Runtime, mapping: Mapping | undefined): Promise<number> {
  if (!mapping) return 0;
  const { name } = await localTable(pool, mapping);
  const [row] = await pool.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${name}`, {
    type: QueryTypes.SELECT,
    transaction: null,
  });
  return row?.rows ?? 0;
}
