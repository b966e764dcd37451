import type { JobKind, JobQueue } from '../jobs';
import type { BulkRuntime } from './bulk-runtime';
import { maxFailures, sendPart } from './load-jobs';
import { partsOfLoad, resetPart, type Load, type PartKey, type PartState } from './load-state';

/** How far a load is, over all machines. */
export interface LoadProgress {
  /** Models that are being read now. */
  readonly models: readonly string[];
  /** Records that have been read, since the load began. */
  readonly records: number;
  /** All of them; null while the service cannot count one of the models. */
  readonly total: number | null;
  /** Records a second, since this call. */
  readonly rate: number;
  /** Null while it is not known. */
  readonly secondsLeft: number | null;
}

/** What {@link coordinate} works with. */
export interface Coordination {
  readonly runtime: BulkRuntime;
  readonly queue: JobQueue;
  readonly kind: JobKind<PartKey>;
  readonly load: Load;
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A load was interrupted, or could not go on; the next call goes on with it. */
export class LoadInterruptedError extends Error {}

const lookEveryMs = 100;

/** A part of which nothing is heard for so long is given to another worker. */
const silenceMs = 30_000;

/**
 * Have all parts of a load read, level by level, by whoever works: this process, others, or both.
 *
 * @throws LoadInterruptedError when a part fails again and again, or the signal says so.
 */
export async function coordinate(work: Coordination): Promise<void> {
  const { runtime, load } = work;
  const begun = performance.now();
  const parts = await partsOfLoad(runtime, load.id);
  const before = sum(parts.map(({ records }) => records));
  for (const part of parts.filter(({ failures }) => failures > 0)) {
    await resetPart(runtime, keyOf(load, part), { fromStart: false });
  }
  const levels = [...new Set(parts.map(({ level }) => level))].sort((a, b) => a - b);
  for (const level of levels) await readLevel(work, level, { begun, before });
}

interface Since {
  readonly begun: number;
  readonly before: number;
}

async function readLevel(work: Coordination, level: number, since: Since): Promise<void> {
  const { runtime, queue, kind, load, signal } = work;
  const sentAt = new Map<number, number>();
  for (;;) {
    if (signal?.aborted) throw new LoadInterruptedError('The load was interrupted; run it again.');
    const parts = await partsOfLoad(runtime, load.id);
    if (parts.length === 0) throw new LoadInterruptedError('The load was begun anew elsewhere.');
    work.onProgress?.(progressOf(parts, level, since));
    const open = parts.filter((part) => part.level === level && !part.done);
    if (open.length === 0) return;
    for (const part of open) {
      refuseFailed(part);
      const at = parts.indexOf(part);
      const isSilent = performance.now() - (sentAt.get(at) ?? 0) > silenceMs;
      if (sentAt.has(at) && !(isSilent && part.silentMs > silenceMs)) continue;
      sentAt.set(at, performance.now());
      await sendPart(queue, kind, keyOf(load, part));
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

function refuseFailed({ model, failures, failure }: PartState): void {
  if (failures < maxFailures) return;
  throw new LoadInterruptedError(
    `${model} cannot be read: ${failure ?? 'no reason is known'}. Run it again when that is mended; ` +
      'it goes on where it stands.',
  );
}

function keyOf({ id }: Load, { model, part }: PartState): PartKey {
  return { load: id, model, part };
}

function progressOf(
  parts: readonly PartState[],
  level: number,
  { begun, before }: Since,
): LoadProgress {
  const records = sum(parts.map((part) => part.records));
  const totals = parts.filter(({ part }) => part === 0).map(({ total }) => total);
  const total = totals.some((one) => one === null) ? null : sum(totals.map(Number));
  const seconds = (performance.now() - begun) / 1000;
  const rate = seconds > 0 ? (records - before) / seconds : 0;
  const models = parts.filter((part) => part.level === level && !part.done).map((one) => one.model);
  return {
    models: [...new Set(models)],
    ...{ records, total, rate },
    secondsLeft: total !== null && rate > 0 ? Math.max(0, (total - records) / rate) : null,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
