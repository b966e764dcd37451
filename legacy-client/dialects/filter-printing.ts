import type { LegacyProperty, LegacyValue } from '../entity';
import type { ComparisonOperator, DatePart, LegacyFilter } from '../query';
import { UnsendableError } from './problems';
import { sendableValue, type SendableValue } from './sendable';

/** How a dialect spells the parts of a filter. */
export interface FilterSpelling {
  path(property: LegacyProperty): string;
  literal(property: LegacyProperty, value: SendableValue): string;
  contains(path: string, literal: string): string;
  /** Left out where the service has no such functions. */
  readonly datePart?: (part: DatePart, path: string) => string;
  /** Left out where the service cannot take capitals out of a text. */
  readonly lowerCase?: (path: string) => string;
  /** A text for a string function, with its wildcards escaped; left out where there are none. */
  readonly plain?: (text: string) => string;
  /** The next value that can be read, for properties that the service may keep finer than that. */
  readonly next?: (property: LegacyProperty, value: SendableValue) => SendableValue | undefined;
  /** A set operator for these values; undefined where `or` has to do. */
  readonly in?: (property: LegacyProperty, values: readonly SendableValue[]) => string | undefined;
}

type NodeOf<Operator extends LegacyFilter['op']> = Extract<LegacyFilter, { op: Operator }>;

/**
 * Print a filter, not yet URL-encoded.
 *
 * @returns `Name eq 'O''Brien' and (A eq 1 or B eq 2)`
 * @throws {@link UnsendableError} when the dialect has no spelling for a node.
 */
export function printFilter(spelling: FilterSpelling, filter: LegacyFilter): string {
  switch (filter.op) {
    case 'and':
    case 'or':
      return printAll(spelling, filter.op, filter.filters);
    case 'not':
      return `not (${printFilter(spelling, filter.filter)})`;
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return printStringFunction(spelling, filter);
    case 'in':
      return printIn(spelling, filter);
    case 'datePart':
      return printDatePart(spelling, filter);
    default:
      return printComparison(spelling, filter);
  }
}

function printAll(
  spelling: FilterSpelling,
  op: 'and' | 'or',
  filters: readonly LegacyFilter[],
): string {
  const [first, ...rest] = filters;
  if (first === undefined) throw new UnsendableError(`an empty '${op}' has no spelling in OData`);
  if (rest.length === 0) return printFilter(spelling, first);
  return filters.map((part) => printOperand(spelling, part)).join(` ${op} `);
}

/** A node inside `and` or `or`, in parentheses where precedence could be mistaken. */
function printOperand(spelling: FilterSpelling, filter: LegacyFilter): string {
  const printed = printFilter(spelling, filter);
  return filter.op === 'and' || filter.op === 'or' || filter.op === 'in' ? `(${printed})` : printed;
}

/** NOTE: what is read as one value is a range where the service keeps finer ones. */
function printCompared(
  spelling: FilterSpelling,
  compared: { op: ComparisonOperator; property: LegacyProperty; value: SendableValue },
): string {
  const { op, property, value } = compared;
  const path = spelling.path(property);
  const from = spelling.literal(property, value);
  const next = spelling.next?.(property, value);
  if (next === undefined || op === 'lt' || op === 'ge') return `${path} ${op} ${from}`;
  const upTo = spelling.literal(property, next);
  if (op === 'gt') return `${path} ge ${upTo}`;
  if (op === 'le') return `${path} lt ${upTo}`;
  const within = `(${path} ge ${from} and ${path} lt ${upTo})`;
  return op === 'eq' ? within : `not ${within}`;
}

function printComparison(
  spelling: FilterSpelling,
  { op, property, value }: NodeOf<ComparisonOperator>,
): string {
  const path = spelling.path(property);
  if (value !== null) {
    return printCompared(spelling, { op, property, value: sendableValue(property, value) });
  }
  if (op === 'eq' || op === 'ne') return `${path} ${op} null`;
  throw new UnsendableError(`${property.name} ${op} null is never true: compare with eq or ne`);
}

function printStringFunction(
  spelling: FilterSpelling,
  { op, property, value, ignoreCase }: NodeOf<'startsWith' | 'endsWith' | 'contains'>,
): string {
  if (property.kind !== 'string') {
    throw new UnsendableError(`${op} needs a string, ${property.name} is ${property.kind}`);
  }
  const { plain = (text: string) => text } = spelling;
  const text = String(sendableValue(property, ignoreCase ? value.toLowerCase() : value));
  const path = ignoreCase ? lowerCase(spelling, property) : spelling.path(property);
  const literal = spelling.literal(property, plain(text));
  return op === 'contains'
    ? spelling.contains(path, literal)
    : `${op.toLowerCase()}(${path},${literal})`;
}

function lowerCase(spelling: FilterSpelling, property: LegacyProperty): string {
  if (spelling.lowerCase === undefined) {
    throw new UnsendableError(`this service cannot compare ${property.name} without case`);
  }
  return spelling.lowerCase(spelling.path(property));
}

function printIn(spelling: FilterSpelling, { property, values }: NodeOf<'in'>): string {
  const distinct = [
    ...new Set(values.filter(isPresent).map((value) => sendableValue(property, value))),
  ];
  const printed: string[] = [];
  const set = distinct.length > 1 ? spelling.in?.(property, distinct) : undefined;
  if (set !== undefined) printed.push(set);
  else printed.push(...distinct.map((value) => equals(spelling, property, value)));
  if (distinct.length < values.length && values.includes(null)) {
    printed.push(`${spelling.path(property)} eq null`);
  }
  if (printed.length === 0) throw new UnsendableError(`an empty 'in' has no spelling in OData`);
  return printed.join(' or ');
}

function equals(spelling: FilterSpelling, property: LegacyProperty, value: SendableValue): string {
  return printCompared(spelling, { op: 'eq', property, value });
}

function isPresent(value: LegacyValue): value is SendableValue {
  return value !== null;
}

function printDatePart(
  spelling: FilterSpelling,
  { part, comparison, property, value }: NodeOf<'datePart'>,
): string {
  if (spelling.datePart === undefined) {
    throw new UnsendableError(
      `this service cannot filter by the ${part} of ${property.name}: ask for a range of dates`,
    );
  }
  const whole: LegacyProperty = { name: property.name, kind: 'integer' };
  const literal = spelling.literal(whole, sendableValue(whole, value));
  return `${spelling.datePart(part, spelling.path(property))} ${comparison} ${literal}`;
}
