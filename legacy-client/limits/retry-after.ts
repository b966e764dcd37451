/**
 * Read a `Retry-After` header: seconds or an HTTP date.
 *
 * @param now - milliseconds since the epoch.
 * @returns milliseconds, from 0; undefined when there is none that can be read.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
