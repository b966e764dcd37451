import { type Command, InvalidArgumentError } from 'commander';
import type { LoadOptions, LoadProgress } from '../load';
import { configHelp } from './with-configuration';

/** What `backfill` and `verify` take both. */
export interface LoadCommandOptions {
  readonly workers: number;
  readonly parts?: number;
  readonly restart?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** Add the options that `backfill` and `verify` have in common. */
export function withLoadOptions(command: Command): Command {
  return command
    .argument('[models...]', 'names: Organisation Contact; default: all that are mapped')
    .option('--workers <number>', 'parts read at once; 0: by `dual-write work` only', readCount, 2)
    .option('--parts <number>', 'parts of a large model; default: as many as workers', readCount)
    .option('--restart', 'begin anew, instead of going on with what was interrupted')
    .option('--json', 'print the report as JSON')
    .option('--config <file>', configHelp);
}

/** A whole number from 0. */
export function readCount(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

/** How often progress is printed where no terminal shows it in one line. */
const everyMs = 10_000;

/** Print progress to stderr, and stop after the pages under way at Ctrl-C. */
export async function watched<T>(
  models: readonly string[],
  { workers, parts, restart }: LoadCommandOptions,
  run: (options: LoadOptions) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let printedAt = performance.now();
  const isTerminal = process.stderr.isTTY;
  const onProgress = (progress: LoadProgress): void => {
    if (!isTerminal && performance.now() - printedAt < everyMs) return;
    printedAt = performance.now();
    const line = progressLine(progress);
    process.stderr.write(isTerminal ? `\r\u001B[2K${line}` : `${line}\n`);
  };
  try {
    return await run({
      ...{ models, workers, onProgress, signal: stop.signal },
      ...(parts !== undefined && { parts: Math.max(1, parts) }),
      ...(restart !== undefined && { restart }),
    });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (isTerminal) process.stderr.write('\r\u001B[2K');
  }
}

/** `Organisation: 1200 of 5000 records (24 %), 310 a second, 12 s left` */
function progressLine({ models, records, total, rate, secondsLeft }: LoadProgress): string {
  const share = total ? ` of ${total} (${Math.floor((100 * records) / total)} %)` : '';
  const left = secondsLeft === null ? '' : `, ${shownSeconds(secondsLeft)} left`;
  return `${models.join(', ') || 'Finishing'}: ${records}${share} records, ${Math.round(rate)} a second${left}`;
}

function shownSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
