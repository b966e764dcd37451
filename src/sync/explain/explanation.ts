import type { DialectName, PlannedRequest } from '../../../legacy-client';

/** One comparison of a condition, and what the legacy system is asked of it. */
export interface ExplainedCondition {
  /** `employees gte 4` */
  readonly condition: string;
  /**
   * `exact`: its filter says the same. `wider`: its filter may match more, and the local query
   * decides. `local`: only the local query decides.
   */
  readonly sent: 'exact' | 'wider' | 'local';
  /** Why it is not exact. */
  readonly reason?: string;
}

/** What is asked for one model of a read: the root, or an include. */
export interface ExplainedLeg {
  readonly model: string;
  /** The alias of an include; left out for the root. */
  readonly as?: string;
  /**
   * The first request of each list, as it would be sent. Of an include, with a key of zeros in the
   * place of those that the records before it will have.
   */
  readonly requests: readonly PlannedRequest[];
  /** The filter matches exactly what the condition does. */
  readonly exact: boolean;
  readonly conditions: readonly ExplainedCondition[];
  /** What else is to be known of it. */
  readonly notes: readonly string[];
  readonly includes: readonly ExplainedLeg[];
}

/** What a read of a synced model would ask the legacy system, and what it would decide here. */
export interface SyncExplanation {
  readonly dialect: DialectName;
  readonly root: ExplainedLeg;
  /** `pushed`: only the first records are asked for, in this order. */
  readonly limit: { readonly pushed: boolean; readonly reason: string };
  /** `pushed`: `count()` with the same condition asks for a number only. */
  readonly count: { readonly pushed: boolean; readonly reason: string };
  /** `'exact'`, `'local'` or `{ maxAgeMs }`, of the call or the connection. */
  readonly freshness: unknown;
  /** The same for people, in several lines. */
  toString(): string;
}

/** Put an explanation into words. */
export function inWords(explanation: Omit<SyncExplanation, 'toString'>): string {
  const { dialect, root, limit, count, freshness } = explanation;
  const verdict = ({ pushed, reason }: SyncExplanation['limit']): string =>
    `${pushed ? 'by the legacy system' : 'here'}: ${reason}`;
  return [
    `${dialect}, freshness ${JSON.stringify(freshness)}`,
    ...legLines(root, ''),
    `limit applied ${verdict(limit)}`,
    `count() made ${verdict(count)}`,
  ].join('\n');
}

function legLines(leg: ExplainedLeg, indent: string): string[] {
  const { model, as, requests, conditions, notes, includes } = leg;
  const inner = `${indent}  `;
  return [
    `${indent}${as === undefined ? model : `${as} (${model})`}`,
    ...(requests.length === 0 ? [`${inner}no request`] : []),
    ...requests.map(({ method, url, inBatch }) => {
      const way = inBatch === true ? `${method} within POST $batch:` : method;
      return `${inner}${way} ${decoded(url)}`;
    }),
    ...conditions.map(
      ({ condition, sent, reason }) =>
        `${inner}${condition}: ${sent}${reason === undefined ? '' : ` (${reason})`}`,
    ),
    ...notes.map((note) => `${inner}${note}`),
    ...includes.flatMap((include) => legLines(include, inner)),
  ];
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
