import { Sequelize } from 'sequelize';
import { backfill, verify } from '../src';
import { defineModels } from '../models';
import { connectFace } from './stage';
import type { Face } from './stage';

/** What a process that loads has needed. */
export interface LoadNeeds {
  readonly records: number;
  readonly seconds: number;
  /** The most that was in memory at once. */
  readonly maxRssMb: number;
  /** The largest heap that was seen. */
  readonly heapMb: number;
}

/** Be a process that loads or verifies organisations, and tell on stdout what that has needed. */
async function main(): Promise<void> {
  const [what = '', face = '', root = '', databaseUrl = ''] = process.argv.slice(2);
  const sequelize = new Sequelize(databaseUrl, { logging: false });
  defineModels(sequelize);
  const connected = await connectFace(sequelize, face as Face, root);
  const heap = watchHeap();
  const begun = performance.now();
  const work = what === 'verify' ? verify : backfill;
  const options = { models: ['Organisation'], workers: 2, restart: true };
  const report = await work(connected.dualWrite, options);
  if ('left' in report && report.left > 0) throw new Error(`${report.left} records differ.`);
  const needs: LoadNeeds = {
    records: report.models[0]?.records ?? 0,
    seconds: (performance.now() - begun) / 1000,
    maxRssMb: process.resourceUsage().maxRSS / 1000,
    heapMb: heap(),
  };
  process.stdout.write(JSON.stringify(needs));
  await connected.close();
  await sequelize.close();
}

function watchHeap(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }, 20);
  return () => {
    clearInterval(timer);
    return peak / 1e6;
  };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
