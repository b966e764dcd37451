import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import http from 'node:http';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { backfill, type DualWrite } from '../../src';
import { compare, type Result } from '../compare';
import { faces, type Face, type Stage } from '../stage';
import type { Scenario } from './scenario';

/** `BENCH_RECORDS=100000 npm run bench -- --only backfill` */
const recordCount = Number(process.env.BENCH_RECORDS ?? 20_000);

/** At least 0.7 of the limit's rate. */
const goals = [
  { variant: 'backfill, one worker', atMost: 1.43 },
  { variant: 'backfill, two workers', atMost: 1.43 },
];

/** A complete load, against the least that anybody must do with the same pages. */
export const backfillScenario: Scenario = {
  name: 'backfill',
  run: async (stage) => {
    const results: Result[] = [];
    for (const face of faces) results.push(await onFace(stage, face));
    return results;
  },
};

async function onFace(stage: Stage, face: Face): Promise<Result> {
  const dualWrite = await stage.connect(face);
  await stage.fill(recordCount);
  await backfill(dualWrite, { models: ['Country', 'Sector'], workers: 1 });
  const bodies = await bodiesOf(dualWrite);
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const peak = watchMemory();
  try {
    const before = (): Promise<void> => emptyRows(stage);
    const load = (name: string, workers: number) => ({
      ...{ name, before },
      run: async () => {
        const options = { models: ['Organisation'], workers, parts: workers, restart: true };
        await backfill(dualWrite, options);
        return undefined;
      },
    });
    return await compare({
      title: `${recordCount} organisations, complete load, ${face} (${bodies.length} pages)`,
      rounds: 3,
      goals,
      variants: [
        {
          ...{ name: 'JSON.parse and COPY, pages in memory', before },
          run: async () => {
            await parseAndCopy(client, bodies);
            return undefined;
          },
        },
        {
          ...{ name: 'bare GETs, JSON.parse and COPY', before },
          run: async () => {
            await getAndCopy(dualWrite, client);
            return undefined;
          },
        },
        load('backfill, one worker', 1),
        load('backfill, two workers', 2),
      ],
    });
  } finally {
    console.error(`peak of this process, all variants: ${peak()} MB`);
    await client.end();
  }
}

async function emptyRows({ sequelize }: Stage): Promise<void> {
  await sequelize.query(
    `TRUNCATE organisations, contacts, orders, interactions, contact_orders, dual_write_known,
     dual_write_rejected, record_revisions, record_versions RESTART IDENTITY`,
  );
  await sequelize.query('CHECKPOINT');
}

function watchMemory(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 50);
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1e6);
  };
}

const agent = new http.Agent({ keepAlive: true });

function get(url: string): Promise<string> {
  const headers = {
    ...{ Accept: 'application/json', Prefer: 'odata.maxpagesize=5000' },
    ...{ 'OData-Version': '4.0', 'OData-MaxVersion': '4.0' },
  };
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve(Buffer.concat(chunks).toString('utf8'));
        });
        answer.on('error', reject);
      })
      .on('error', reject);
  });
}

type Raw = Readonly<Record<string, unknown>>;

interface Page {
  readonly d?: { readonly results?: readonly Raw[]; readonly __next?: string };
  readonly value?: readonly Raw[];
  readonly '@odata.nextLink'?: string;
}

async function* bodiesFrom(dualWrite: DualWrite): AsyncGenerator<string, void, undefined> {
  const mapping = dualWrite.mappings.get('Organisation');
  const [first] = mapping ? dualWrite.client.listRequests(mapping.entity) : [];
  let url = first?.url;
  while (url !== undefined) {
    const body = await get(url);
    yield body;
    const page = JSON.parse(body) as Page;
    url = page.d ? page.d.__next : page['@odata.nextLink'];
  }
}

async function bodiesOf(dualWrite: DualWrite): Promise<string[]> {
  const bodies: string[] = [];
  for await (const body of bodiesFrom(dualWrite)) bodies.push(body);
  return bodies;
}

async function parseAndCopy(client: Client, bodies: Iterable<string>): Promise<void> {
  for (const body of bodies) await copyPage(client, body);
}

async function getAndCopy(dualWrite: DualWrite, client: Client): Promise<void> {
  for await (const body of bodiesFrom(dualWrite)) await copyPage(client, body);
}

const columns = [
  ...['id', 'legacy_id', 'name', 'description', 'account_number', 'telephone', 'website'],
  ...['employees', 'revenue', 'rating', 'is_uk', 'customer_type', 'legacy_modified_at'],
  ...['modified_at', 'created_at', 'newsletter_opt_in'],
];

const names = [
  ...['Name', 'Description', 'AccountNumber', 'Telephone1', 'WebSiteURL', 'NumberOfEmployees'],
  ...['Revenue', 'optevia_Rating', 'optevia_ukorganisation', 'CustomerTypeCode'],
];

async function copyPage(client: Client, body: string): Promise<void> {
  const page = JSON.parse(body) as Page;
  const lines = (page.d?.results ?? page.value ?? []).map((raw) => {
    const value = (name: string): unknown => raw[name] ?? raw[name.toLowerCase()];
    const [modified, created] = [instant(value('ModifiedOn')), instant(value('CreatedOn'))];
    const cells = [randomUUID(), value('AccountId'), ...names.map(value)];
    return [...cells, modified, modified, created, false].map(cell).join('\t');
  });
  const stream = client.query(copyFrom(`COPY organisations (${columns.join(', ')}) FROM STDIN`));
  stream.end(`${lines.join('\n')}\n`);
  await finished(stream);
}

/** `/Date(1448547732000)/`, or a text of ISO 8601. */
function instant(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.startsWith('/') ? new Date(Number(/-?\d+/.exec(text)?.[0])).toISOString() : text;
}

/** NOTE: what 2011 sends as `{ Value: 1 }` is an option or an amount. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'object') return cell((value as { Value?: unknown }).Value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[\\\t\n\r]/g, (one) => `\\${one}`);
}
