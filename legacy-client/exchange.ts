import type { LegacyOutcome } from './errors';

/** One request and its answer, as `onExchange` is told of it. Holds no values and no credentials. */
export interface Exchange {
  /** The logical operation: a POST with `X-HTTP-Method: MERGE` is `MERGE`. */
  readonly method: string;
  /** As in the URL: `AccountSet`. */
  readonly entitySet: string;
  /** Path and names of the query options, without their values. */
  readonly url: string;
  /** Null where no complete answer came. */
  readonly status: number | null;
  readonly durationMs: number;
  /** 1 for the first try of a request; repeats, also those after a renewed login, count on. */
  readonly attempt: number;
  /** Bytes of the body sent. */
  readonly requestBytes: number;
  /** Bytes of the body received, decompressed; 0 where none came. */
  readonly responseBytes: number;
  /** Only for failures. */
  readonly outcome?: LegacyOutcome;
}
