import type { Exchange } from '../exchange';

/** A counter of prom-client, as far as it is used. */
export interface CounterLike {
  /** Add 1, or a value. */
  inc(labels: Readonly<Record<string, string>>, value?: number): void;
}

/** A histogram of prom-client, as far as it is used. */
export interface HistogramLike {
  /** Note a value. */
  observe(labels: Readonly<Record<string, string>>, value: number): void;
}

/** Where metrics are kept: a `Registry` of prom-client. */
export type MetricsRegister = object;

/** The part of prom-client that is used; pass the module itself: `import * as prometheus`. */
export interface PrometheusModule {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- prom-client's own option types
  readonly Counter: new (options: any) => CounterLike;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- prom-client's own option types
  readonly Histogram: new (options: any) => HistogramLike;
}

/** Seconds; a CRM answers in tens of milliseconds at best, and in half a minute at worst. */
const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Count and time the exchanges of a client for Prometheus: pass what this gives as `onExchange`.
 *
 * | metric | labels |
 * | --- | --- |
 * | `legacy_exchange_duration_seconds` | `method`, `entity_set` |
 * | `legacy_exchanges_total` | `method`, `entity_set`, `status` (`none` without an answer), `outcome` (`ok`, `refused`, `unknown`) |
 * | `legacy_repeats_total` | `method`, `entity_set` |
 * | `legacy_received_bytes_total` | `method`, `entity_set` |
 *
 * @param register - by default prom-client's global one.
 */
export function exchangeMetrics(
  prometheus: PrometheusModule,
  { register }: { readonly register?: MetricsRegister } = {},
): (exchange: Exchange) => void {
  const registers = register === undefined ? {} : { registers: [register] };
  const labelNames = ['method', 'entity_set'];
  const counter = (name: string, help: string, labels = labelNames): CounterLike =>
    new prometheus.Counter({ name, help, labelNames: labels, ...registers });
  const total = counter('legacy_exchanges_total', 'Requests to the legacy system', [
    ...labelNames,
    'status',
    'outcome',
  ]);
  const repeats = counter('legacy_repeats_total', 'Requests that were sent again');
  const received = counter('legacy_received_bytes_total', 'Bytes of answers, decompressed');
  const duration = new prometheus.Histogram({
    name: 'legacy_exchange_duration_seconds',
    help: 'From sending a request to the end of its answer',
    labelNames,
    buckets,
    ...registers,
  });
  return ({ method, entitySet, status, outcome = 'ok', ...exchange }) => {
    const labels = { method, entity_set: entitySet };
    total.inc({ ...labels, status: String(status ?? 'none'), outcome });
    duration.observe(labels, exchange.durationMs / 1000);
    received.inc(labels, exchange.responseBytes);
    if (exchange.attempt > 1) repeats.inc(labels);
  };
}
