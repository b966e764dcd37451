import {
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  LegacyRequestError,
} from '../../legacy-client';
import type { JobKind, JobQueue } from '../jobs';
import type { BulkRuntime } from './bulk-runtime';
import { compareBatch } from './compare-batch';
import { noteFailure, partsOfLoad, type LoadKind, type PartKey } from './load-state';
import { PartTakenError, storeBatch } from './store-batch';
import type { ArrivedBatch } from './arrivals';
import { workPart, type TakeBatch } from './work-part';
import type { Mapping } from '../mapping';

/** How often a part is tried in a row before the load gives up. */
export const maxFailures = 6;

/** After so long, a job leaves the rest of its part to another one, so that none counts as lost. */
const sliceMs = 60_000;

const defaultBatchSize = 2000;

/** What of a load may be given up with its job, in seconds. */
const expireInSeconds = 900;

/** What {@link loadJobs} may be told. */
export interface LoadJobsOptions {
  /**
   * Records that are stored together at most, where so many have come; default 2,000. With 1, each
   * page is stored by itself: slower, but less is asked for again after a kill.
   */
  readonly batchSize?: number | undefined;
  /** Called before records are stored; what it throws ends the job. For tests. */
  readonly beforeBatch?: ((key: PartKey, batch: ArrivedBatch) => Promise<void> | void) | undefined;
}

/** The jobs that loads are made of: one for a part, or for as much of it as a minute takes. */
export function loadJobs(
  runtime: BulkRuntime,
  queue: JobQueue,
  { beforeBatch, batchSize = defaultBatchSize }: LoadJobsOptions = {},
): JobKind<PartKey> {
  const take = batchTakers(runtime, beforeBatch);
  const kind: JobKind<PartKey> = {
    name: 'dual-write-load',
    expireInSeconds,
    retryLimit: maxFailures,
    run: async (key, signal) => {
      try {
        const end = await workPart({ runtime, take, signal, sliceMs, batchSize }, key);
        if (end === 'more' && !signal.aborted) await sendPart(queue, kind, key);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const isFinal = finalErrors.some((one) => error instanceof one);
        await noteFailure(runtime, key, { reason, isFinal });
        runtime.logger?.error({ ...key, reason }, 'A part of a load failed');
        // NOTE: a refused login that is tried again and again locks the account.
        if (!isFinal) throw error;
      }
    },
  };
  return kind;
}

const finalErrors = [
  ...[LegacyLoginError, LegacyForbiddenError, LegacyRequestError, LegacyNotFoundError],
];

/** Have a part worked on, unless a job for it waits already. */
export async function sendPart(
  queue: JobQueue,
  kind: JobKind<PartKey>,
  { load, model, part }: PartKey,
): Promise<void> {
  await queue.send(kind, { load, model, part }, `${load} ${model} ${part}`);
}

function batchTakers(
  runtime: BulkRuntime,
  beforeBatch: LoadJobsOptions['beforeBatch'],
): Readonly<Record<LoadKind, TakeBatch>> {
  const awaitedBy = new Map<string, readonly Mapping[]>();
  const take: Readonly<Record<LoadKind, TakeBatch>> = {
    backfill: async (key, mapping, batch) => {
      const awaited = awaitedBy.get(`${key.load} ${key.model}`) ?? (await awaitedOf(runtime, key));
      awaitedBy.set(`${key.load} ${key.model}`, awaited);
      await storeBatch(runtime, { ...key, mapping, ...batch, awaited });
    },
    verify: async (key, mapping, batch) => compareBatch(runtime, { ...key, mapping, ...batch }),
  };
  if (!beforeBatch) return take;
  const first =
    (taker: TakeBatch): TakeBatch =>
    async (key, mapping, batch) => {
      await beforeBatch(key, batch);
      await taker(key, mapping, batch);
    };
  return { backfill: first(take.backfill), verify: first(take.verify) };
}

/** The models of a load that are not complete while this one is read. */
async function awaitedOf(runtime: BulkRuntime, key: PartKey): Promise<readonly Mapping[]> {
  const parts = await partsOfLoad(runtime, key.load);
  const level = parts.find(({ model }) => model === key.model)?.level ?? 0;
  const names = new Set(parts.filter((part) => part.level >= level).map(({ model }) => model));
  if (names.size === 0) throw new PartTakenError('The load has been given up.');
  return [...names].flatMap((name) => runtime.registry.get(name) ?? []);
}
