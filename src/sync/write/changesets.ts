import {
  LegacyResponseError,
  type BatchOperation,
  type BatchResult,
  type LegacyClient,
  LegacyError,
} from '../../../legacy-client';

/** Services that the dialect says have batches, and that have none. */
const withoutBatches = new WeakSet<LegacyClient>();

/** Services that have carried a changeset out, or refused a part of one: what they refuse later is that one. */
const withBatches = new WeakSet<LegacyClient>();

/** Statuses of a service that has no batches, or none with changesets. */
const noBatchStatuses = [400, 404, 405, 406, 415, 501];

/** Writes that may go in several changesets are divided so, that none keeps the service for long. */
const partSize = 100;

/** How many writes are sent as one changeset, where they may be divided; 1 where there are none. */
export function changesetSize(client: LegacyClient): number {
  return hasChangesets(client) ? Math.min(partSize, client.dialect.maxBatch) : 1;
}

/** Whether a service has changesets, as far as is known by now. */
export function hasChangesets(client: LegacyClient): boolean {
  return client.dialect.batch && !withoutBatches.has(client);
}

/** Cut a list into parts of this size at most. */
export function partsOf<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += size) {
    parts.push(list.slice(start, start + size));
  }
  return parts;
}

/**
 * Send writes that are carried out together or not at all.
 *
 * @param isWhole - they cannot be sent one by one instead.
 * @returns undefined when the service has no batches: nothing was carried out, and from now on none is
 * asked for. Also when one that has them refuses this one as a whole, unless it must be whole.
 * @throws LegacyError with the `index` of the write at fault, where one is.
 */
export async function sendChangeset(
  client: LegacyClient,
  operations: readonly BatchOperation[],
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): Promise<BatchResult[] | undefined> {
  try {
    const results = await client.batch(operations);
    withBatches.add(client);
    return results;
  } catch (error) {
    if (error instanceof LegacyError && error.index !== undefined) withBatches.add(client);
    const isKnown = withBatches.has(client);
    if (!saysNoBatch(error) || (isKnown && isWhole)) throw error;
    if (!isKnown) withoutBatches.add(client);
    return undefined;
  }
}

function saysNoBatch(error: unknown): boolean {
  if (!(error instanceof LegacyResponseError) || error.index !== undefined) return false;
  return error.outcome === 'refused' && noBatchStatuses.includes(error.status);
}

/** Whether a failed write was certainly not carried out. */
export function isRefused(error: unknown): boolean {
  return error instanceof LegacyError && error.outcome === 'refused';
}
