import type { Dialect, LegacyFilter, LegacyProperty, LegacyValue } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { everything, exactly, nothingAtAll, type Bound } from './bound';

/** What the translation of conditions needs to know. */
export interface QueryContext {
  readonly mapping: Mapping;
  readonly dialect: Dialect;
  /** PostgreSQL's name for a column's type; undefined when it is not known. */
  typeOf(mapping: Mapping, column: string): string | undefined;
  /** Sequelize's option `timezone`, in which it reads dates that are given as text. */
  readonly timezone: string;
  /**
   * The legacy key of a local row by primary key: null when the legacy system does not have it,
   * undefined when there is no such row.
   */
  keyOf(mapping: Mapping, id: unknown): string | null | undefined;
  /** Told of each comparison, for people who ask what became of their condition. */
  readonly note?: (comparison: NotedComparison) => void;
}

/** One comparison, and what can be sent of it. */
export interface NotedComparison {
  readonly attribute: string;
  readonly op: symbol;
  readonly value: unknown;
  readonly negated: boolean;
  readonly bound: Bound;
}

/** Comparisons with one value that is not null. */
export type SingleComparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/**
 * The left side of comparisons: an attribute as the legacy system knows it, or a part of a date. It
 * answers with a bound in each direction: a negated comparison is one of the others.
 */
export interface Subject {
  /** As the application calls it. */
  readonly name: string;
  /** The attribute is null; exact. */
  readonly absent: Bound;
  /** The attribute is not null; exact. */
  readonly present: Bound;
  /** Compare with a value that is neither null nor undefined. Throws RangeError for odd values. */
  compare(op: SingleComparison, value: unknown): Bound;
  /** Compare with a pattern, as LIKE or ILIKE read it. Only texts. */
  like?(pattern: string, ignoreCase: boolean): Bound;
  /** Compare with a regular expression of PostgreSQL's. Only texts. */
  matches?(expression: string, ignoreCase: boolean): Bound;
}

/** Whether an attribute has a value, as a filter on its property says it. */
export function presence(
  property: LegacyProperty,
  nullable: boolean,
): Pick<Subject, 'absent' | 'present'> {
  if (!nullable) return { absent: nothingAtAll, present: everything };
  return {
    absent: exactly({ op: 'eq', property, value: null }),
    present: exactly(isPresent(property)),
  };
}

/** NOTE: servers differ in whether `ne 5` finds records without a value; none in `ne null`. */
export function isPresent(property: LegacyProperty): LegacyFilter {
  return { op: 'ne', property, value: null };
}

/** A property differs from a value, and has one. */
export function differs(property: LegacyProperty, value: LegacyValue, nullable: boolean): Bound {
  const differing: LegacyFilter = { op: 'ne', property, value };
  if (!nullable) return exactly(differing);
  return exactly({ op: 'and', filters: [differing, isPresent(property)] });
}
