/**
 * How fresh the answer of a read must be: `'exact'` (the default) asks the legacy system, `'local'`
 * answers with what is here.
 */
export type Freshness = 'exact' | 'local';

declare module 'sequelize' {
  /** The options that nearly every call of Sequelize takes. */
  interface Logging {
    /** Keep this call local: nothing is sent to the legacy system. */
    skipLegacy?: boolean;
    /** Only for reads. */
    freshness?: Freshness;
  }
}
