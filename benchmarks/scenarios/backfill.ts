import { Client } from 'pg';
import { QueryTypes } from 'sequelize';
import { backfill, type DualWrite } from '../../src';
import { BareLoad } from '../bare-load';
import { compare, type Result } from '../compare';
import { bodiesFrom, startPageServer, type PageServer } from '../page-server';
import { faces, type Face, type Stage } from '../stage';
import type { Scenario } from './scenario';

/** `BENCH_RECORDS=100000 npm run bench -- --only backfill`: a multiple of 5,000. */
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
    const server = await startPageServer(stage, faces, recordCount);
    try {
      const results: Result[] = [];
      for (const face of faces) results.push(await onFace(stage, face, server));
      return results;
    } finally {
      await server.close();
    }
  },
};

async function onFace(stage: Stage, face: Face, server: PageServer): Promise<Result> {
  const dualWrite = await stage.connect(face, server.rootOf(face));
  await stage.empty();
  await backfill(dualWrite, { models: ['Country', 'Sector'], workers: 1 });
  const entity = dualWrite.mappings.get('Organisation')?.entity;
  const firstUrl = (entity && dualWrite.client.listRequests(entity)[0]?.url) ?? '';
  const bodies: string[] = [];
  for await (const body of bodiesFrom(firstUrl)) bodies.push(body);
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const bare = new BareLoad(client, await targetsOf(stage));
  const before = (): Promise<void> => emptyRows(stage);
  try {
    return await compare({
      title: `${recordCount} organisations, complete load, ${face} (${bodies.length} pages)`,
      rounds: 3,
      goals,
      variants: [
        {
          ...{ name: 'JSON.parse and COPY, pages in memory', before },
          run: () => bare.parseAndCopy(bodies),
        },
        {
          ...{ name: 'bare GETs, JSON.parse and COPY', before },
          run: () => bare.getAndCopy(firstUrl),
        },
        { name: 'backfill, one worker', before, run: () => load(dualWrite, 1) },
        { name: 'backfill, two workers', before, run: () => load(dualWrite, 2) },
      ],
    });
  } finally {
    await client.end();
  }
}

async function load(dualWrite: DualWrite, workers: number): Promise<undefined> {
  const report = await backfill(dualWrite, {
    ...{ models: ['Organisation'], workers, parts: workers, restart: true },
  });
  const created = report.models[0]?.created;
  if (created !== recordCount) throw new Error(`${String(created)} rows were made.`);
  return undefined;
}

async function emptyRows({ sequelize }: Stage): Promise<void> {
  await sequelize.query(
    `TRUNCATE organisations, contacts, orders, interactions, contact_orders, dual_write_known,
     dual_write_rejected, record_revisions, record_versions RESTART IDENTITY`,
  );
  await sequelize.query('CHECKPOINT');
}

async function targetsOf({ sequelize }: Stage): Promise<Map<string, string>> {
  const rows = await sequelize.query<{ legacy: string; id: string }>(
    `SELECT legacy_id::text AS legacy, id::text AS id FROM countries
      UNION ALL SELECT legacy_id::text, id::text FROM sectors`,
    { type: QueryTypes.SELECT },
  );
  return new Map(rows.map(({ legacy, id }) => [legacy, id]));
}
