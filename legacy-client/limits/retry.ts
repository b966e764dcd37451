import {
  LegacyBudgetError,
  LegacyCircuitOpenError,
  LegacyConflictError,
  type LegacyError,
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
} from '../errors';

/** What a decision about a repeat depends on, beside the failure. */
export interface RetryCircumstances {
  /** 1 after the first try. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Nothing is harmed by applying the request twice: a read, or a create that names its key. */
  readonly repeatable: boolean;
}

/** No wait is longer, whatever a service asks for: a caller may hold a transaction open. */
export const LONGEST_WAIT_MS = 30_000;

const FIRST_WAIT_MS = 200;

/**
 * Decide whether a failed request is sent again. Writes only when they were certainly not applied.
 *
 * @param random - from 0 to 1, as `Math.random()` gives.
 * @returns milliseconds to wait, with jitter; undefined: give up.
 */
export function retryDelay(
  error: LegacyError,
  { attempt, maxAttempts, repeatable }: RetryCircumstances,
  random: number,
): number | undefined {
  if (attempt >= maxAttempts) return undefined;
  // Both say already that waiting does not help soon.
  if (error instanceof LegacyCircuitOpenError || error instanceof LegacyBudgetError)
    return undefined;
  // NOTE: a service that throttles counts requests that come too early: never before its time.
  if (error instanceof LegacyThrottledError) {
    return cappedWait(error.retryAfterMs) + random * FIRST_WAIT_MS;
  }
  const mayRepeat = repeatable ? isPassing(error) : wasNeverSent(error);
  return mayRepeat ? backoff(attempt, random) : undefined;
}

/** The wait that a service asks for, within {@link LONGEST_WAIT_MS}. */
export function cappedWait(retryAfterMs: number): number {
  return Math.min(retryAfterMs, LONGEST_WAIT_MS);
}

function isPassing(error: LegacyError): boolean {
  // NOTE: Dynamics 2011 says with status 500 that a key or a link is there already.
  if (error instanceof LegacyConflictError) return false;
  if (error instanceof LegacyResponseError) return error.status >= 500 && error.status !== 501;
  return error instanceof LegacyUnavailableError || error instanceof LegacyTimeoutError;
}

function wasNeverSent(error: LegacyError): boolean {
  return error instanceof LegacyUnavailableError && error.outcome === 'refused';
}

/** 200 ms, 400 ms, 800 ms …, each between its half and its whole. */
function backoff(attempt: number, random: number): number {
  const whole = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return whole / 2 + (random * whole) / 2;
}
