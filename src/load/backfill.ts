import { QueryTypes } from 'sequelize';
import type { Mapping } from '../mapping';
import type { DualWrite } from '../sync';
import { localTable } from '../sync/local-table';
import type { Runtime } from '../sync/runtime';
import { openBulkRuntime } from './bulk-runtime';
import { chosenMappings } from './chosen';
import { countFindings, findingsOf, type Finding } from './findings';
import { linkWhatCame } from './links';
import { divisionOf, inLoad, type LoadOptions, type ReadLoad } from './in-load';
import { partsOfLoad } from './load-state';
import { planParts } from './plan';

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
  return inLoad(dualWrite, options, {
    kind: 'backfill',
    complete: ({ runtime, load, mappings }) => linkWhatCame(runtime, load.id, mappings),
    report: reportOf,
  });
}

async function reportOf({ runtime, load, isResumed }: ReadLoad): Promise<BackfillReport> {
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
