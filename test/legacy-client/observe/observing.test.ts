import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as prometheus from 'prom-client';
import { type Exchange, exchangeMetrics, type LegacyClient } from '../../../legacy-client';
import { account, guid } from '../entities';
import { json, type ScriptedServer, startServer } from '../scripted-server';
import { closingClients } from '../closing-clients';

let server: ScriptedServer;
const openClient = closingClients();

beforeEach(async () => {
  server = await startServer((_request, response, number) => {
    if (number === 1) response.destroy();
    else if (number === 2) json(response, { d: { results: [] } });
    else
      json(response, { error: { code: '', message: { value: 'Secret Name' } } }, { status: 403 });
  });
});

afterEach(async () => {
  await server.close();
});

function connect(onExchange?: (exchange: Exchange) => void): LegacyClient {
  return openClient({ baseUrl: server.root, dialect: 'dynamics2011', onExchange });
}

/** One answer at the second try, then a refusal. */
async function use(client: LegacyClient): Promise<void> {
  const name = { name: 'Name', kind: 'string' } as const;
  await client.list(account, { filter: { op: 'eq', property: name, value: 'Secret Name' } });
  await client.get(account, guid(1)).catch(() => undefined);
}

it('makes a span of each exchange, without values', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  trace.setGlobalTracerProvider(provider);
  try {
    await use(connect());
    const finished = exporter.getFinishedSpans();
    expect(finished.map(({ name }) => name)).toEqual(Array(3).fill('GET AccountSet'));
    expect(finished.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
    ]);
    expect(finished.map(({ attributes }) => attributes)).toMatchObject([
      { 'dual_write.outcome': 'unknown', 'error.type': 'LegacyUnavailableError' },
      { 'http.response.status_code': 200, 'http.request.resend_count': 1 },
      { 'http.response.status_code': 403, 'dual_write.outcome': 'refused' },
    ]);
    const said = finished.map(({ attributes, events, status }) => ({ attributes, events, status }));
    expect(JSON.stringify(said)).not.toContain('Secret');
  } finally {
    await provider.shutdown();
    trace.disable();
  }
});

it('counts and times exchanges for Prometheus', async () => {
  const register = new prometheus.Registry();
  await use(connect(exchangeMetrics(prometheus, { register })));
  const text = await register.metrics();
  for (const line of [
    'legacy_exchanges_total{method="GET",entity_set="AccountSet",status="none",outcome="unknown"} 1',
    'legacy_exchanges_total{method="GET",entity_set="AccountSet",status="200",outcome="ok"} 1',
    'legacy_exchanges_total{method="GET",entity_set="AccountSet",status="403",outcome="refused"} 1',
    'legacy_repeats_total{method="GET",entity_set="AccountSet"} 1',
    'legacy_exchange_duration_seconds_count{method="GET",entity_set="AccountSet"} 3',
  ]) {
    expect(text).toContain(line);
  }
});
