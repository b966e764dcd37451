import { QueryTypes } from 'sequelize';
import type { LinkedPage } from '../../legacy-client';
import type { Mapping } from '../mapping';
import type { Runtime } from '../sync/runtime';
import { Arrivals, RefusedAddressError, type ArrivedBatch } from './arrivals';
import { openPart, resetPart, type LoadKind, type PartKey, type PartState } from './load-state';
import { filterOf } from './plan';
import { PartTakenError } from './store-batch';

/** What is done with what has come of a part. */
export type TakeBatch = (key: PartKey, mapping: Mapping, batch: ArrivedBatch) => Promise<void>;

/** What working on a part needs. */
export interface PartWork {
  readonly runtime: Runtime;
  readonly take: Readonly<Record<LoadKind, TakeBatch>>;
  readonly signal: AbortSignal;
  /** Records that are stored together at most. */
  readonly batchSize: number;
  /** After so long, the rest is left to another job. */
  readonly sliceMs: number;
}

/** How work on a part has ended: `taken` when somebody else is at it. */
export type PartEnd = 'done' | 'more' | 'taken';

/** One number for all parts; an arbitrary one beside those of feeds and of `prepare`. */
const lockSpace = 4_711_004;

/**
 * Go on with a part of a load where it stands, unless somebody else does.
 *
 * Pages are asked for while those before them are stored. What was stored is not asked for again after
 * a kill, but for the beginning of a page that was stored in parts.
 */
export async function workPart(work: PartWork, key: PartKey): Promise<PartEnd> {
  const { pool } = work.runtime;
  const turn = await pool.transaction({ transaction: null });
  try {
    const [lock] = await pool.query<{ got: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS got',
      {
        bind: [lockSpace, `${key.load} ${key.model} ${key.part}`],
        type: QueryTypes.SELECT,
        transaction: turn,
      },
    );
    if (!lock?.got) return 'taken';
    const part = await openPart(work.runtime, key);
    return part ? await readPart(work, key, part) : 'done';
  } finally {
    // NOTE: a lock that is lost with its connection harms nothing: a page is stored only where the
    // part still stands where it was read.
    await turn.rollback().catch(() => undefined);
  }
}

type OpenPart = PartState & { readonly kind: LoadKind };

async function readPart(work: PartWork, key: PartKey, part: OpenPart): Promise<PartEnd> {
  const { runtime } = work;
  try {
    return await readPages(work, key, part);
  } catch (error) {
    if (error instanceof PartTakenError) return 'taken';
    // NOTE: addresses hold cookies of the service's own, which may not outlive its next release.
    const isOutdated = part.next !== null && error instanceof RefusedAddressError;
    if (!isOutdated) throw error;
    runtime.logger?.warn({ ...key }, 'A part of a load begins again: its address is refused');
    await resetPart(runtime, key, { fromStart: true });
    return readPages(work, key, { ...part, next: null });
  }
}

async function readPages(work: PartWork, key: PartKey, part: OpenPart): Promise<PartEnd> {
  const { runtime, signal, sliceMs, batchSize } = work;
  const { mapping, pages } = pagesOf(runtime, part);
  const until = performance.now() + sliceMs;
  const take = work.take[part.kind];
  const now = (): Promise<Date> => runtime.clock.now();
  const arrivals = new Arrivals({ from: part.next, pages, batchSize, now });
  try {
    for (let batch = await arrivals.take(); batch; batch = await arrivals.take()) {
      if (signal.aborted || performance.now() > until) arrivals.stop();
      await take(key, mapping, batch);
      if (batch.isLast) return 'done';
    }
    return 'more';
  } finally {
    arrivals.close();
  }
}

function pagesOf(
  { registry, client }: Runtime,
  part: OpenPart,
): { readonly mapping: Mapping; readonly pages: AsyncIterator<LinkedPage, undefined> } {
  const mapping = registry.get(part.model);
  if (!mapping) throw new Error(`No migrator maps ${part.model} in this process.`);
  const filter = filterOf(mapping, part);
  const from = part.next === null ? {} : { from: part.next };
  const pages = client.linkedPages(mapping.entity, filter ? { filter } : {}, from);
  return { mapping, pages: pages[Symbol.asyncIterator]() as AsyncIterator<LinkedPage, undefined> };
}
