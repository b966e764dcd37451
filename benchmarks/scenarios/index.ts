import { backfillScenario } from './backfill';
import { backfillMemory } from './backfill-memory';
import { changedRows } from './changed-rows';
import { manyKeys } from './many-keys';
import { namespaces } from './namespaces';
import { bothSidesSaves } from './saves';
import type { Scenario } from './scenario';
import { skippedReads } from './skipped-reads';
import { skippedSaves } from './skipped-saves';
import { unchangedRows } from './unchanged-rows';

/** All scenarios, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [
  skippedReads,
  skippedSaves,
  unchangedRows,
  changedRows,
  manyKeys,
  bothSidesSaves,
  namespaces,
  backfillScenario,
  backfillMemory,
];
