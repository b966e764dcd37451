import type { Face } from '../../support/dual-world';

/** A sequence that once failed; played before all others. */
export interface PinnedSeed {
  readonly face: Face;
  readonly seed: number;
  /** As fast-check printed it. */
  readonly path: string;
  /** What it found. */
  readonly found: string;
  /** Why it is not played yet. */
  readonly skipped?: string;
}

/**
 * The sequences that have failed.
 *
 * NOTE: a seed stands for another sequence as soon as the arbitraries change, so each fault has a
 * test of its own in `test/sync/found-by-sequences.test.ts` besides.
 */
export const pinnedSeeds: readonly PinnedSeed[] = [];
