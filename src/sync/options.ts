/**
 * How fresh the answer of a read must be: `'exact'` (the default) asks the legacy system, `'local'`
 * answers with what is here, rules say something between.
 */
export type Freshness = 'exact' | 'local' | FreshnessRules;

/** At least one of the two is given. */
export interface FreshnessRules {
  /**
   * Ask only when what the read needs was last asked for longer ago than this, in milliseconds from
   * 0. Without it every read asks.
   */
  readonly maxAgeMs?: number;
  /**
   * What to do while the legacy system cannot be reached, does not answer in time, throttles, or
   * fails with 502 to 504: `'local'` answers with what is here, however old, and warns the logger.
   * Default `'error'`.
   */
  readonly onUnavailable?: 'error' | 'local';
}

declare module 'sequelize' {
  /** The options that nearly every call of Sequelize takes. */
  interface Logging {
    /** Keep this call local: nothing is sent to the legacy system. */
    skipLegacy?: boolean;
    /** Only for reads. */
    freshness?: Freshness;
  }
}
