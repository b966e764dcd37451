import type { Freshness } from '../options';

/**
 * Check what a caller gave as `freshness`.
 *
 * @throws TypeError or RangeError when it is none; a read must not be less fresh by a slip.
 */
export function checkedFreshness(given: unknown, model: string): Freshness {
  if (given === 'exact' || given === 'local') return given;
  const { maxAgeMs } = (typeof given === 'object' && given !== null ? given : {}) as {
    maxAgeMs?: unknown;
  };
  if (typeof maxAgeMs !== 'number') {
    const shown = typeof given === 'object' ? JSON.stringify(given) : typeof given;
    throw new TypeError(
      `[${model}] freshness must be 'exact', 'local' or { maxAgeMs: milliseconds }, not ${shown}.`,
    );
  }
  if (!Number.isFinite(maxAgeMs) || maxAgeMs < 0) {
    throw new RangeError(
      `[${model}] freshness.maxAgeMs must be a number of milliseconds from 0, not ${maxAgeMs}. ` +
        `For answers of any age say freshness: 'local'.`,
    );
  }
  return { maxAgeMs };
}
