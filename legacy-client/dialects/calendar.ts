const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;
const LONG_MONTHS = new Set([1, 3, 5, 7, 8, 10, 12]);
const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Tell whether a text is a day that exists: `'2028-02-29'`, not `'2026-02-29'`. */
export function isCalendarDate(text: string): boolean {
  if (!ISO_DATE.test(text)) return false;
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  // NOTE: V8 reads 30 February as 2 March, so the calendar is looked at here. No Date is made of
  // it: a page has thousands of dates.
  return day >= 1 && day <= daysOf(month, Number(text.slice(0, 4)));
}

/** None for a month that does not exist. */
function daysOf(month: number, year: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return isLeap ? 29 : 28;
  return month >= 1 && month <= 12 ? (LONG_MONTHS.has(month) ? 31 : 30) : 0;
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

/** Tell whether the year is written with four digits, as all formats here want it. */
export function hasFourDigitYear(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999;
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
