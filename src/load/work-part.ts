import { QueryTypes } from 'sequelize';
import { LegacyResponseError, type LegacyRecord, type LinkedPage } from '../../legacy-client';
import type { Mapping } from '../mapping';
import type { Runtime } from '../sync/runtime';
import { openPart, resetPart, type LoadKind, type PartKey, type PartState } from './load-state';
import { filterOf } from './plan';
import { PartTakenError } from './store-page';

/** A page that has come. */
export interface ArrivedPage {
  readonly records: readonly LegacyRecord[];
  /** By the database's clock. */
  readonly askedAt: Date;
  readonly from: string | null;
  readonly next: string | null;
}

/** What is done with the pages of a part. */
export type TakePage = (key: PartKey, mapping: Mapping, page: ArrivedPage) => Promise<void>;

/** What working on a part needs. */
export interface PartWork {
  readonly runtime: Runtime;
  readonly takePage: Readonly<Record<LoadKind, TakePage>>;
  readonly signal: AbortSignal;
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
 * A page is asked for while the one before it is stored, so that after a kill these two at most are
 * asked for again.
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

/** The service does not know the address that a part was to go on from. */
class RefusedAddressError extends Error {}

async function readPages(work: PartWork, key: PartKey, part: OpenPart): Promise<PartEnd> {
  const { runtime, signal, sliceMs } = work;
  const { mapping, pages } = pagesOf(runtime, part);
  const until = performance.now() + sliceMs;
  const takePage = work.takePage[part.kind];
  let at = part.next;
  let coming: Promise<Coming> | undefined = firstOf(askFor(runtime, pages), part);
  while (coming) {
    const came: Coming = await coming;
    const { next, records } = came.page;
    const goesOn: boolean = next !== null && !signal.aborted && performance.now() < until;
    coming = goesOn ? askFor(runtime, pages) : undefined;
    await takePage(key, mapping, { records, askedAt: came.askedAt, from: at, next });
    at = next;
  }
  return at === null ? 'done' : 'more';
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

interface Coming {
  readonly page: LinkedPage;
  readonly askedAt: Date;
}

function askFor(runtime: Runtime, pages: AsyncIterator<LinkedPage, undefined>): Promise<Coming> {
  const coming = (async (): Promise<Coming> => {
    const askedAt = await runtime.clock.now();
    const { value } = await pages.next();
    return { page: value ?? { records: [], next: null }, askedAt };
  })();
  // It is met when its turn comes.
  coming.catch(() => undefined);
  return coming;
}

async function firstOf(coming: Promise<Coming>, { next }: OpenPart): Promise<Coming> {
  try {
    return await coming;
  } catch (error) {
    const refused = [400, 404, 410];
    if (next === null || !(error instanceof LegacyResponseError)) throw error;
    if (!refused.includes(error.status)) throw error;
    throw new RefusedAddressError(error.message, { cause: error });
  }
}
