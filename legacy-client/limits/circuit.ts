import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhen,
  type IBackoff,
} from 'cockatiel';
import { LegacyResponseError, LegacyTimeoutError, LegacyUnavailableError } from '../errors';

/** When to stop asking a service that does not answer, and for how long. */
export interface CircuitOptions {
  /** So many failures one after the other, of any calls; default 10. */
  readonly failures?: number;
  /** Then nothing is sent for this time, in milliseconds, and after it a single request tries; default 5,000. */
  readonly openMs?: number;
}

/** Thrown inside instead of sending. */
export { BrokenCircuitError };

/** Runs exchanges while the service is there; fails at once while it is known to be down. */
export interface Circuit {
  /** @throws BrokenCircuitError when nothing was sent. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** Make a circuit, closed. */
export function createCircuit({ failures = 10, openMs = 5000 }: CircuitOptions = {}): Circuit {
  const policy = circuitBreaker(handleWhen(isServiceDown), {
    breaker: new ConsecutiveBreaker(failures),
    halfOpenAfter: { next: () => steadyWait(openMs) },
  });
  return { run: (task) => policy.execute(task) };
}

/**
 * NOTE: cockatiel compares `duration` with the machine's clock each time; set back by an hour, that
 * would keep a circuit open for an hour. So the answer is always or never, by a clock that only runs.
 */
function steadyWait(openMs: number): IBackoff<unknown> {
  const until = performance.now() + openMs;
  return {
    get duration() {
      return performance.now() < until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    },
    next: () => steadyWait(openMs),
  };
}

/** A refusal, or an error of the service's own words, shows that it is there. */
function isServiceDown(error: Error): boolean {
  if (error instanceof LegacyUnavailableError || error instanceof LegacyTimeoutError) return true;
  return error instanceof LegacyResponseError && error.status >= 502 && !error.answered;
}
