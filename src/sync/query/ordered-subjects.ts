import type { LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';
import { allOf, anyOf, exactly, nothingAtAll, wider, type Bound } from './bound';
import { roundingEdge } from './rounding';
import { differs, presence, type SingleComparison, type Subject } from './subject';

/** A property whose values are ordered on both sides alike. */
export interface OrderedProperty {
  readonly name: string;
  readonly property: LegacyProperty;
  readonly nullable: boolean;
}

function plain(property: LegacyProperty, op: SingleComparison, value: LegacyValue): LegacyFilter {
  return { op, property, value };
}

/** Below every value, above every value: what a comparison with something out of reach comes to. */
function outOfReach(
  subject: Pick<Subject, 'present'>,
  op: SingleComparison,
  isAbove: boolean,
): Bound {
  if (op === 'eq') return nothingAtAll;
  if (op === 'ne') return subject.present;
  const matchesAll = isAbove ? op === 'lt' || op === 'le' : op === 'gt' || op === 'ge';
  return matchesAll ? subject.present : nothingAtAll;
}

/**
 * Whole numbers. A fraction that is compared with them is moved to the next whole number in the
 * direction of the comparison.
 *
 * @param largest - the largest value that the local column takes.
 */
export function wholeNumbers(
  { name, property, nullable }: OrderedProperty,
  largest: number,
): Subject {
  const has = presence(property, nullable);
  return {
    name,
    ...has,
    compare: (op, value) => {
      const number = numberOf(value);
      if (Math.abs(number) > largest) return outOfReach(has, op, number > 0);
      if (Number.isInteger(number)) {
        if (op === 'ne') return differs(property, number, nullable);
        return exactly(plain(property, op, number));
      }
      if (op === 'eq') return nothingAtAll;
      if (op === 'ne') return has.present;
      const isUpper = op === 'lt' || op === 'le';
      const next = isUpper ? Math.floor(number) : Math.ceil(number);
      return exactly(plain(property, isUpper ? 'le' : 'ge', next));
    },
  };
}

function numberOf(value: unknown): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)) return Number(value);
  throw new RangeError('the value is not a number');
}

/**
 * Decimal numbers.
 *
 * @param scale - digits behind the point that the local column keeps; undefined where it keeps all.
 */
export function decimals(
  { name, property, nullable }: OrderedProperty,
  scale: number | undefined,
): Subject {
  const has = presence(property, nullable);
  const reason = `${name} is rounded here`;
  return {
    name,
    ...has,
    compare: (op, value) => {
      const text = decimalOf(value);
      if (scale === undefined) {
        if (op === 'ne') return differs(property, text, nullable);
        return exactly(plain(property, op, text));
      }
      // What the column keeps may have been rounded: the record's own value is close to it.
      const low = plain(property, 'ge', roundingEdge(text, scale, 'below'));
      const high = plain(property, 'le', roundingEdge(text, scale, 'above'));
      if (op === 'eq') return wider({ op: 'and', filters: [low, high] }, reason);
      if (op === 'ne') return { ...has.present, exact: false, reasons: [reason] };
      return wider(op === 'gt' || op === 'ge' ? low : high, reason);
    },
  };
}

/** Decimal notation without exponent. */
function decimalOf(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number' && typeof value !== 'string') throw notDecimal();
  const match = /^\s*([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?\s*$/i.exec(String(value));
  if (!match) throw notDecimal();
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  const padded = (point < 1 ? '0'.repeat(1 - point) + digits : digits).padEnd(point, '0');
  const at = Math.max(point, 1);
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const right = padded.slice(at);
  return `${sign === '-' ? '-' : ''}${left}${right === '' ? '' : `.${right}`}`;
}

function notDecimal(): RangeError {
  return new RangeError('the value is not a decimal number');
}

const secondMs = 1000;
const dayMs = 86_400_000;
/** What OData can write: the years 1 to 9999. */
const earliest = Date.parse('0001-01-02T00:00:00Z');
const latest = Date.parse('9999-12-30T00:00:00Z');

/** How two sides keep instants. */
export interface InstantGrain {
  /** The service keeps whole seconds. */
  readonly wholeSeconds: boolean;
  /** The local column may keep fewer digits than the record has. */
  readonly roundedHere: boolean;
}

/**
 * Instants. What a record has below a millisecond is cut off on its way in, so that an instant here
 * stands for all of its millisecond there.
 *
 * NOTE: a fraction of a second is never sent to a service that keeps whole seconds: it would round
 * it in a way of its own.
 */
export function instants(
  { name, property, nullable }: OrderedProperty,
  { wholeSeconds, roundedHere }: InstantGrain,
): Subject {
  const has = presence(property, nullable);
  const at = (op: SingleComparison, ms: number): LegacyFilter => plain(property, op, new Date(ms));
  const within = (low: number, high: number): LegacyFilter => ({
    op: 'and',
    filters: [at('ge', low), at('lt', high)],
  });
  const compareSeconds = (op: SingleComparison, ms: number): Bound => {
    const floor = Math.floor(ms / secondMs) * secondMs;
    if (floor === ms) {
      return op === 'ne' ? differs(property, new Date(ms), nullable) : exactly(at(op, ms));
    }
    if (op === 'eq') return wider(within(floor, floor + secondMs), `${name} has whole seconds`);
    if (op === 'ne') return has.present;
    return exactly(op === 'gt' || op === 'ge' ? at('gt', floor) : at('lt', floor + secondMs));
  };
  const compareMilliseconds = (op: SingleComparison, ms: number): Bound => {
    if (op === 'eq') return exactly(within(ms, ms + 1));
    if (op === 'ne') return anyOf([exactly(at('lt', ms)), exactly(at('ge', ms + 1))]);
    if (op === 'gt' || op === 'le') return exactly(at(op === 'gt' ? 'ge' : 'lt', ms + 1));
    return exactly(at(op, ms));
  };
  const compareRounded = (op: SingleComparison, ms: number): Bound => {
    const floor = Math.floor(ms / secondMs) * secondMs;
    const low = at('ge', floor - secondMs);
    const high = at('le', floor + 2 * secondMs);
    const reason = `${name} is rounded here`;
    if (op === 'eq') return wider({ op: 'and', filters: [low, high] }, reason);
    if (op === 'ne') return { ...has.present, exact: false, reasons: [reason] };
    return wider(op === 'gt' || op === 'ge' ? low : high, reason);
  };
  return {
    name,
    ...has,
    compare: (op, value) => {
      const ms = value instanceof Date ? value.getTime() : NaN;
      if (Number.isNaN(ms)) throw new RangeError('the value is not a date');
      if (ms < earliest || ms > latest) return outOfReach(has, op, ms > latest);
      if (roundedHere) return compareRounded(op, ms);
      return wholeSeconds ? compareSeconds(op, ms) : compareMilliseconds(op, ms);
    },
  };
}

/**
 * Days.
 *
 * @param areInstants - the service may keep a day as an instant that is not its midnight.
 */
export function days({ name, property, nullable }: OrderedProperty, areInstants: boolean): Subject {
  const has = presence(property, nullable);
  const at = (op: SingleComparison, day: string): Bound => exactly(plain(property, op, day));
  return {
    name,
    ...has,
    compare: (op, value) => {
      const ms = typeof value === 'string' ? midnight(value) : NaN;
      if (Number.isNaN(ms)) throw new RangeError('the value is not a day');
      if (ms < earliest || ms > latest) return outOfReach(has, op, ms > latest);
      const day = dayOf(ms);
      const next = dayOf(ms + dayMs);
      if (!areInstants) return op === 'ne' ? differs(property, day, nullable) : at(op, day);
      if (op === 'eq') return allOf([at('ge', day), at('lt', next)]);
      if (op === 'ne') return anyOf([at('lt', day), at('ge', next)]);
      if (op === 'gt' || op === 'le') return at(op === 'gt' ? 'ge' : 'lt', next);
      return at(op, day);
    },
  };
}

function midnight(day: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return NaN;
  const ms = Date.parse(`${day}T00:00:00Z`);
  return dayOf(ms) === day ? ms : NaN;
}

function dayOf(ms: number): string {
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 10);
}
