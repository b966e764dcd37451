import { backfill, verify, work } from '../../src';
import { config } from '../cli/configs/example.config';

/**
 * A process that loads, verifies or works, and kills itself before a page is stored.
 *
 * `backfill 3`: before the fourth page; without a number it goes on to the end, many at once.
 */
async function main(): Promise<void> {
  const [what = 'backfill', last = 'Infinity'] = process.argv.slice(2);
  const connected = await config.connect();
  let pages = 0;
  const heap = watchHeap();
  const beforeBatch = (): void => {
    if (pages === Number(last)) process.kill(process.pid, 'SIGKILL');
    pages += 1;
  };
  const batchSize = last === 'Infinity' ? undefined : 1;
  const options = { models: ['Organisation'], workers: 1, beforeBatch, batchSize };
  if (what === 'work') {
    heap();
    await work(connected.dualWrite, options);
    process.stdout.write('ready\n');
    return;
  }
  await (what === 'verify' ? verify : backfill)(connected.dualWrite, options);
  process.stdout.write(
    JSON.stringify({ maxRssMb: process.resourceUsage().maxRSS / 1000, heapMb: heap() }),
  );
  await connected.close();
}

/** The largest heap that was seen, in megabytes. */
function watchHeap(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }, 20);
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1e6);
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
