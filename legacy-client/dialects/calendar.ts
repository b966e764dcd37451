const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;
const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Tell whether a text is a day that exists: `'2028-02-29'`, not `'2026-02-29'`. */
export function isCalendarDate(text: string): boolean {
  if (!ISO_DATE.test(text)) return false;
  const midnight = new Date(`${text}T00:00:00Z`);
  // NOTE: V8 reads 30 February as 2 March, so the way back has to agree.
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/**
 * Read an ISO 8601 instant.
 *
 * @param text - `'2026-11-21T12:26:26.123Z'`, with `+01:00`, or without zone: that is UTC, never
 *   the machine's zone.
 * @returns undefined when it is none, or a day that does not exist.
 */
export function parseIsoInstant(text: string): Date | undefined {
  const match = ISO_INSTANT.exec(text);
  if (match === null || !isCalendarDate(match[1] ?? '')) return undefined;
  const instant = new Date(match[2] === undefined ? `${text}Z` : text);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

/** The day of an instant in UTC: `'2026-11-21'`. */
export function utcDay(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/**
 * The instant in UTC without zone letter, without a fraction that is zero:
 * `'2026-11-21T12:26:26'`.
 */
export function utcSpelling(instant: Date): string {
  return instant.toISOString().replace(/(\.000)?Z$/, '');
}
