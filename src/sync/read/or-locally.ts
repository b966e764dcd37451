import {
  LegacyResponseError,
  LegacyThrottledError,
  LegacyTimeoutError,
  LegacyUnavailableError,
} from '../../../legacy-client';
import type { Synced } from '../runtime';

/** Answer a read from what is here when the legacy system is not available. */
export async function orLocally<T>(
  { runtime, mapping }: Synced,
  exactly: () => Promise<T>,
  locally: () => Promise<T>,
): Promise<T> {
  try {
    return await exactly();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    runtime.logger?.warn(
      { model: mapping.name, reason: error.message },
      'Answered with local rows: the legacy system is not available',
    );
    return locally();
  }
}

/** A login that is refused, or a request that is, is nothing that passes by itself. */
function isUnavailable(error: unknown): error is Error {
  if (error instanceof LegacyUnavailableError || error instanceof LegacyTimeoutError) return true;
  if (error instanceof LegacyThrottledError) return true;
  return error instanceof LegacyResponseError && error.status >= 502 && error.status <= 504;
}
