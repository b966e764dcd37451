import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { backfill } from '../../src';
import type { LoadNeeds } from '../load-process';
import { startPageServer } from '../page-server';
import { faces, type Face, type Stage } from '../stage';
import type { Scenario } from './scenario';

/** `BENCH_MEMORY=100000,1000000 npm run bench -- --only backfill-memory`: multiples of 5,000. */
const sizes = (process.env.BENCH_MEMORY ?? '20000,100000').split(',').map(Number);

/** A process with more than this on its heap ends with an error of its own. */
const heapLimitMb = Number(process.env.BENCH_HEAP_MB ?? 128);

/** Between the sizes, at most. */
const mostGrowth = 1.2;

interface Row {
  readonly what: string;
  readonly face: Face;
  readonly needs: LoadNeeds;
}

/** What loads of several sizes need, each in a process of its own: memory must not grow with them. */
export const backfillMemory: Scenario = {
  name: 'backfill-memory',
  run: async (stage) => {
    const rows: Row[] = [];
    for (const face of faces) {
      for (const size of sizes) rows.push(...(await needsOf(stage, face, size)));
    }
    console.log(tableOf(rows));
    return [];
  },
};

async function needsOf(stage: Stage, face: Face, size: number): Promise<Row[]> {
  const server = await startPageServer(stage, [face], size);
  try {
    const root = server.rootOf(face);
    const dualWrite = await stage.connect(face, root);
    await stage.empty();
    await backfill(dualWrite, { models: ['Country', 'Sector'], workers: 1 });
    const rows: Row[] = [];
    for (const what of ['backfill', 'verify']) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...[`--max-old-space-size=${heapLimitMb}`, '--require', require.resolve('tsx/cjs')],
        ...[path.join(__dirname, '..', 'load-process.ts'), what, face, root, stage.databaseUrl],
      ]);
      const needs = JSON.parse(stdout) as LoadNeeds;
      if (needs.records !== size) throw new Error(`${needs.records} records were read.`);
      rows.push({ what, face, needs });
      console.error(`${what}, ${face}: ${stdout}`);
    }
    return rows;
  } finally {
    await server.close();
  }
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ what, face, needs: { records, seconds, maxRssMb, heapMb } }) =>
    [
      ...[`${what}, ${face}`, String(records), seconds.toFixed(0)],
      ...[(records / seconds).toFixed(0), maxRssMb.toFixed(0), heapMb.toFixed(0)],
    ].join(' | '),
  );
  return [
    `### Memory of a load, with --max-old-space-size=${heapLimitMb}`,
    '',
    '|  | records | seconds | a second | most in memory, MB | largest heap, MB |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...lines.map((line) => `| ${line} |`),
    '',
    ...verdicts(rows),
    '',
  ].join('\n');
}

function verdicts(rows: readonly Row[]): string[] {
  const kinds = new Set(rows.map(({ what, face }) => `${what}, ${face}`));
  return [...kinds].map((kind) => {
    const own = rows.filter(({ what, face }) => `${what}, ${face}` === kind);
    const growth = (own.at(-1)?.needs.maxRssMb ?? NaN) / (own[0]?.needs.maxRssMb ?? NaN);
    const isMet = growth <= mostGrowth;
    return `Goal: ${kind} at most ${mostGrowth} ×: ${isMet ? 'met' : 'not met'}, ${growth.toFixed(2)} ×.`;
  });
}
