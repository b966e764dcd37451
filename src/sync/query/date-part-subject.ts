import type { DatePart, Dialect, LegacyProperty } from '../../../legacy-client';
import { allOf, anyOf, exactly, nothingAtAll, widened, type Bound } from './bound';
import { isPresent, type SingleComparison, type Subject } from './subject';

/** An attribute that holds dates. */
export interface DatedProperty {
  readonly property: LegacyProperty;
  readonly nullable: boolean;
  /** The attribute itself. */
  readonly subject: Subject;
}

/**
 * A part of a date. A year is a range of dates, which every service can say; of the other parts, some
 * have functions.
 */
export function partOfDate(
  { property, nullable, subject }: DatedProperty,
  part: DatePart,
  dialect: Dialect,
): Subject {
  const name = `the ${part} of ${subject.name}`;
  const { absent, present } = subject;
  const isDay = property.kind === 'dateOnly';
  const isConstant = isDay && (part === 'hour' || part === 'minute' || part === 'second');
  return {
    name,
    absent,
    present,
    compare: (given, value) => {
      const [op, number] = wholeComparison(given, value);
      if (number === undefined) return op === 'ne' ? present : nothingAtAll;
      if (part === 'year') return boundOfYear(subject, isDay, { op, year: number });
      if (isConstant) return holds(op, number) ? present : nothingAtAll;
      if (!dialect.dateParts) {
        return widened(present, `${dialect.name} has no function for ${name}`);
      }
      const filter = { op: 'datePart', part, comparison: op, property, value: number } as const;
      if (op !== 'ne' || !nullable) return exactly(filter);
      return exactly({ op: 'and', filters: [filter, isPresent(property)] });
    },
  };
}

/** The same comparison with a whole number; undefined when none can be equal. */
function wholeComparison(
  op: SingleComparison,
  value: unknown,
): [SingleComparison, number | undefined] {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new RangeError('the value is not a number');
  }
  const bounded = Math.min(Math.max(value, -10_000), 20_000);
  if (Number.isInteger(bounded)) return [op, bounded];
  if (op === 'eq' || op === 'ne') return [op, undefined];
  const isUpper = op === 'lt' || op === 'le';
  return isUpper ? ['le', Math.floor(bounded)] : ['ge', Math.ceil(bounded)];
}

/** Whether a part that is always zero compares so. */
function holds(op: SingleComparison, number: number): boolean {
  const order = Math.sign(0 - number);
  if (op === 'eq' || op === 'ne') return (order === 0) === (op === 'eq');
  if (order === 0) return op === 'ge' || op === 'le';
  return order < 0 ? op === 'lt' || op === 'le' : op === 'gt' || op === 'ge';
}

interface YearComparison {
  readonly op: SingleComparison;
  readonly year: number;
}

function boundOfYear(subject: Subject, isDay: boolean, { op, year }: YearComparison): Bound {
  const from = (first: number): Bound => {
    if (first > 9999) return nothingAtAll;
    return first < 1 ? subject.present : subject.compare('ge', startOf(first, isDay));
  };
  const before = (first: number): Bound => {
    if (first > 9999) return subject.present;
    return first < 1 ? nothingAtAll : subject.compare('lt', startOf(first, isDay));
  };
  switch (op) {
    case 'eq':
      return allOf([from(year), before(year + 1)]);
    case 'ne':
      return anyOf([before(year), from(year + 1)]);
    case 'gt':
      return from(year + 1);
    case 'ge':
      return from(year);
    case 'lt':
      return before(year);
    case 'le':
      return before(year + 1);
  }
}

function startOf(year: number, isDay: boolean): string | Date {
  const day = `${String(year).padStart(4, '0')}-01-01`;
  return isDay ? day : new Date(`${day}T00:00:00Z`);
}
