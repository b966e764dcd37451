import type { Freshness, FreshnessRules } from '../options';

/**
 * Check what a caller gave as `freshness`.
 *
 * @throws TypeError or RangeError when it is none; a read must not be less fresh by a slip.
 */
export function checkedFreshness(given: unknown, model: string): Freshness {
  if (given === 'exact' || given === 'local') return given;
  const { maxAgeMs, onUnavailable } = rulesIn(given);
  const isRule = typeof maxAgeMs === 'number' || maxAgeMs === undefined;
  const isOutcome = [undefined, 'error', 'local'].includes(onUnavailable as string | undefined);
  const isGiven = maxAgeMs !== undefined || onUnavailable !== undefined;
  if (!isRule || !isOutcome || !isGiven) {
    const shown = typeof given === 'object' ? JSON.stringify(given) : typeof given;
    throw new TypeError(
      `[${model}] freshness must be 'exact', 'local' or { maxAgeMs: milliseconds, onUnavailable: ` +
        `'error' or 'local' }, not ${shown}.`,
    );
  }
  if (maxAgeMs !== undefined && (!Number.isFinite(maxAgeMs) || maxAgeMs < 0)) {
    throw new RangeError(
      `[${model}] freshness.maxAgeMs must be a number of milliseconds from 0, not ${maxAgeMs}. ` +
        `For answers of any age say freshness: 'local'.`,
    );
  }
  return given as FreshnessRules;
}

function rulesIn(given: unknown): Partial<Record<keyof FreshnessRules, unknown>> {
  return typeof given === 'object' && given !== null ? given : {};
}
