import {
  LegacyForbiddenError,
  LegacyLoginError,
  LegacyNotFoundError,
  LegacyRequestError,
} from '../../legacy-client';
import type { JobKind, JobQueue } from '../jobs';
import type { BulkRuntime } from './bulk-runtime';
import { comparePage } from './compare-page';
import { noteFailure, partsOfLoad, type LoadKind, type PartKey } from './load-state';
import { PartTakenError, storePage } from './store-page';
import { workPart, type ArrivedPage, type TakePage } from './work-part';
import type { Mapping } from '../mapping';

/** How often a part is tried in a row before the load gives up. */
export const maxFailures = 6;

/** After so long, a job leaves the rest of its part to another one, so that none counts as lost. */
const sliceMs = 60_000;

/** What of a load may be given up with its job, in seconds. */
const expireInSeconds = 900;

/** What {@link loadJobs} may be told. */
export interface LoadJobsOptions {
  /** Called before a page is stored; what it throws ends the job. For tests. */
  readonly beforePage?: ((key: PartKey, page: ArrivedPage) => Promise<void> | void) | undefined;
}

/** The jobs that loads are made of: one for a part, or for as much of it as a minute takes. */
export function loadJobs(
  runtime: BulkRuntime,
  queue: JobQueue,
  { beforePage }: LoadJobsOptions = {},
): JobKind<PartKey> {
  const takePage = pageTakers(runtime, beforePage);
  const kind: JobKind<PartKey> = {
    name: 'dual-write-load',
    expireInSeconds,
    retryLimit: maxFailures,
    run: async (key, signal) => {
      try {
        const end = await workPart({ runtime, takePage, signal, sliceMs }, key);
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

function pageTakers(
  runtime: BulkRuntime,
  beforePage: LoadJobsOptions['beforePage'],
): Readonly<Record<LoadKind, TakePage>> {
  const awaitedBy = new Map<string, readonly Mapping[]>();
  const take: Readonly<Record<LoadKind, TakePage>> = {
    backfill: async (key, mapping, page) => {
      const awaited = awaitedBy.get(`${key.load} ${key.model}`) ?? (await awaitedOf(runtime, key));
      awaitedBy.set(`${key.load} ${key.model}`, awaited);
      await storePage(runtime, { ...key, mapping, ...page, awaited });
    },
    verify: async (key, mapping, page) => comparePage(runtime, { ...key, mapping, ...page }),
  };
  if (!beforePage) return take;
  const first =
    (taker: TakePage): TakePage =>
    async (key, mapping, page) => {
      await beforePage(key, page);
      await taker(key, mapping, page);
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
