import type { LegacyProperty, LegacyValue } from './entity';

/** Comparison operators, by their OData names. */
export type ComparisonOperator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** A part of a date that some servers can filter by. */
export type DatePart = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

/** A condition on records, without any dialect's spelling. */
export type LegacyFilter =
  | { readonly op: 'and' | 'or'; readonly filters: readonly LegacyFilter[] }
  | { readonly op: 'not'; readonly filter: LegacyFilter }
  | {
      readonly op: ComparisonOperator;
      readonly property: LegacyProperty;
      readonly value: LegacyValue;
    }
  | {
      /** Wildcards in the value are meant plainly. */
      readonly op: 'startsWith' | 'endsWith' | 'contains';
      readonly property: LegacyProperty;
      readonly value: string;
      /** Compare without capitals; only where the dialect `foldsCase`. */
      readonly ignoreCase?: boolean;
    }
  | {
      /** Split by the client into as many requests as the dialect's URL limit asks for. */
      readonly op: 'in';
      readonly property: LegacyProperty;
      readonly values: readonly LegacyValue[];
    }
  | {
      readonly op: 'datePart';
      readonly part: DatePart;
      readonly comparison: ComparisonOperator;
      readonly property: LegacyProperty;
      readonly value: number;
    };

/** One criterion of an order. */
export interface LegacyOrder {
  readonly property: LegacyProperty;
  readonly direction: 'asc' | 'desc';
}

/** What to list. Without `top` every page is followed to the end. */
export interface LegacyQuery {
  readonly filter?: LegacyFilter;
  readonly orderBy?: readonly LegacyOrder[];
  readonly top?: number;
  readonly skip?: number;
  /** Only these properties (key and stamps always come); without it all of the entity's. */
  readonly select?: readonly LegacyProperty[];
}
