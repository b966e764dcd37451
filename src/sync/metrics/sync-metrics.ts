import type { DualWrite } from '../connect';
import { type Runtime, syncedModel } from '../runtime';
import { aheadCounts, type Noted, readNoted, type Sample } from './counted';

/** What {@link syncMetrics} may be told. */
export interface SyncMetricsOptions {
  /**
   * How old the number of rows that are ahead may be, in milliseconds; default 60,000. It is counted
   * in the models' own tables, which has no index where a model is not followed.
   */
  readonly maxAheadAgeMs?: number;
}

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const defaultAheadAgeMs = 60_000;

/**
 * Tell the state of a connection in Prometheus' text format, to be answered beside the metrics of
 * {@link exchangeMetrics}. One statement on the library's own tables, and one a model for the rows that
 * are ahead where the last count is too old; no request to the legacy system.
 *
 * @throws NotConnectedError when the connection is closed.
 */
export async function syncMetrics(
  dualWrite: Pick<DualWrite, 'mappings'>,
  { maxAheadAgeMs = defaultAheadAgeMs }: SyncMetricsOptions = {},
): Promise<string> {
  const [first] = dualWrite.mappings.values();
  if (!first) return '';
  const { runtime } = syncedModel(first.name, first.model.sequelize);
  const noted = await readNoted(runtime);
  const ahead = await aheadCounts(runtime, maxAheadAgeMs);
  return [...fromTables(noted), ...ofProcess(runtime), aheadMetric(ahead)].map(printed).join('');
}

function fromTables(noted: readonly Noted[]): readonly Metric[] {
  const gauge = (name: string, help: string, value: (one: Noted) => number | null): Metric => ({
    ...{ name, help, type: 'gauge' },
    samples: noted.map((one) => ({ model: one.model, value: value(one) })),
  });
  return [
    gauge('dual_write_open_intents', 'Writes that are noted and not ended', ({ open }) => open),
    gauge('dual_write_in_doubt', 'Records with a write of unknown outcome', (one) => one.inDoubt),
    gauge(
      'dual_write_oldest_doubt_seconds',
      'Age of the oldest write of unknown outcome',
      (one) => one.doubtSeconds,
    ),
    gauge('dual_write_rejected', 'Records that the table could not take', (one) => one.rejected),
    gauge(
      'dual_write_feed_behind_seconds',
      'Since the feed of a followed model was asked, by any process',
      (one) => one.behindSeconds,
    ),
  ];
}

function ofProcess({ activity }: Runtime): readonly Metric[] {
  const models = [...activity];
  const age = (at: Date | null): number | null => at && (Date.now() - at.getTime()) / 1000;
  return [
    {
      ...{ name: 'dual_write_refreshes_total', type: 'counter' },
      help: 'Refreshes by this process',
      samples: models.map(([model, { refreshes }]) => ({ model, value: refreshes })),
    },
    {
      ...{ name: 'dual_write_last_refresh_age_seconds', type: 'gauge' },
      help: 'Since the last refresh by this process',
      samples: models.map(([model, { lastRefreshAt }]) => ({ model, value: age(lastRefreshAt) })),
    },
  ];
}

function aheadMetric(samples: readonly Sample[]): Metric {
  const help = 'Rows with local changes that the legacy system does not have';
  return { name: 'dual_write_ahead_rows', type: 'gauge', help, samples };
}

/** NOTE: a label's value is quoted: backslashes, quotes and line ends stand escaped. */
function printed({ name, type, help, samples }: Metric): string {
  const known = samples.filter((sample) => sample.value !== null);
  if (known.length === 0) return '';
  const lines = known.map(({ model, value }) => {
    const label = model.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
    return `${name}{model="${label}"} ${String(value)}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}
