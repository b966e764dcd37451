import type { Outcome, Report, Work } from './orders';

/** How much was tried. */
export interface Tally {
  /** Processes that were set to work. */
  processes: number;
  /** Processes that died by SIGKILL, also of those below. */
  kills: number;
  /** Of these, processes that were killed while they recovered. */
  killsInRecovery: number;
  /** Calls that were under way at those moments. */
  interrupted: number;
  /** Calls of the application, by what they do. */
  readonly calls: Record<string, number>;
  /** What else befell the processes, by kind. */
  readonly faults: Record<string, number>;
  violations: number;
}

/** A tally of nothing yet. */
export function emptyTally(): Tally {
  const none = { processes: 0, kills: 0, killsInRecovery: 0, interrupted: 0, violations: 0 };
  return { ...none, calls: {}, faults: {} };
}

/** Count one more of a kind. */
export function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Count a process that has ended. */
export function countEnd(tally: Tally, wasKilled: boolean, during: 'work' | 'recovery'): void {
  tally.processes += 1;
  if (!wasKilled) return;
  tally.kills += 1;
  if (during === 'recovery') tally.killsInRecovery += 1;
}

/** The tally as a line of text. */
export function told({
  kills,
  killsInRecovery,
  interrupted,
  violations,
  processes,
}: Tally): string {
  return (
    `${processes} processes, ${kills} kills (${killsInRecovery} of them in recovery), ` +
    `${interrupted} calls interrupted, ${violations} violations`
  );
}

/** Count the calls that a process has begun. */
export function tallyCalls(
  tally: Tally,
  lanes: readonly (readonly Work[])[],
  reports: readonly Report[],
): void {
  for (const report of reports) {
    if (report.type !== 'begun') continue;
    const work = lanes[report.lane]?.[report.index];
    if (!work) continue;
    const [first, ...others] = work;
    const isTransaction = others.length > 0 || first.kind === 'savepoint';
    count(tally.calls, isTransaction ? 'transaction' : first.kind);
    if (reportOf(reports, report.lane, report.index) === undefined) tally.interrupted += 1;
  }
}

/** What was said of the end of a call; nothing of one that was under way. */
export function reportOf(
  reports: readonly Report[],
  lane: number,
  index: number,
): Outcome | undefined {
  return reports.find(
    (line): line is Outcome =>
      (line.type === 'done' || line.type === 'failed') &&
      line.lane === lane &&
      line.index === index,
  );
}
