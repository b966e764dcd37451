/**
 * How fresh the answer of a read must be: `'exact'` (the default) asks the legacy system, `'local'`
 * answers with what is here. `{ maxAgeMs }` asks only when what the read needs was last asked for
 * longer ago than this, in milliseconds.
 */
export type Freshness = 'exact' | 'local' | MaxAge;

/** An answer may be as old as this. */
export interface MaxAge {
  /** Milliseconds, from 0. */
  readonly maxAgeMs: number;
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
