import type { DialectName } from './dialect';

/** What the filters of a server family can say, and what they mean there. */
export interface FilterCapabilities {
  /** Filter functions on parts of dates: `year(…)`, `month(…)`, `hour(…)`; of instants in UTC. */
  readonly dateParts: boolean;
  /** `tolower(…)` is understood, so that texts can be compared without case. */
  readonly foldsCase: boolean;
  /** Strings compare without case (and perhaps accents, trailing blanks). */
  readonly caseInsensitiveStrings: boolean;
  /** `%`, `_`, `[` and `]` are wildcards in string functions. */
  readonly stringWildcards: boolean;
  /** A wildcard in brackets, `[%]`, is meant plainly; where it is not, brackets cannot be sent. */
  readonly escapesWildcards: boolean;
  /** A stored empty string comes back as null. */
  readonly emptyStringIsNull: boolean;
  /** A day may be kept as an instant, perhaps not midnight: only a range finds it surely. */
  readonly daysAreInstants: boolean;
  /** Where records without a value stand in an ascending order; undefined where it is not known. */
  readonly nullOrder?: 'first' | 'last';
}

const dynamics = {
  dateParts: false,
  foldsCase: false,
  caseInsensitiveStrings: true,
  emptyStringIsNull: true,
  daysAreInstants: true,
  nullOrder: 'first',
} as const;

const standard = {
  dateParts: true,
  foldsCase: true,
  caseInsensitiveStrings: false,
  stringWildcards: false,
  escapesWildcards: false,
  emptyStringIsNull: false,
} as const;

/**
 * The facts by dialect; `createLegacyClient({ capabilities })` corrects them for one server.
 *
 * @remarks Sources: Microsoft CRM team blog and gg309461 (2011: no functions on dates, no
 *   `tolower`), powerapps-docs filter-rows and wildcard-characters (Dataverse), OData v2 URI
 *   conventions, OData 4.0 part 2, sections 5.1.1.4 and 5.1.1.5, and part 1, 11.2.5.2 (nulls come
 *   first in ascending order; v2 leaves that open). Dynamics sorts as SQL Server does.
 */
export const filterCapabilities: Readonly<Record<DialectName, FilterCapabilities>> = {
  dynamics2011: { ...dynamics, stringWildcards: false, escapesWildcards: false },
  dataverse: { ...dynamics, stringWildcards: true, escapesWildcards: true },
  odata2: { ...standard, daysAreInstants: true },
  odata4: { ...standard, daysAreInstants: false, nullOrder: 'first' },
};
