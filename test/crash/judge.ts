import { bothSides } from './both-sides';
import { keyIn, type Crash, type Round, stateOfLane } from './round';
import type { Outcome, Report, Work } from './orders';
import { after, identityOf, type State, withDeletes } from './state';
import { reportOf } from './tally';

/**
 * Compare both sides after everything is settled, and with what the process has said: what was
 * acknowledged must stand on both, what was refused on neither, and what was under way on both or on
 * neither. A delete that the CRM has carried out is completed, though, whatever becomes of the rest of
 * its transaction.
 *
 * @returns what is wrong: nothing when everything is as it must be.
 */
export async function judgeCrash(
  round: Round,
  crash: Crash,
  reports: readonly Report[],
): Promise<string[]> {
  const { state, problems } = await bothSides(round.world);
  round.state = state;
  const found = [...problems, ...impossible(round, crash, reports)];
  if (found.length === 0) return [];
  round.tally.violations += 1;
  return [...found, JSON.stringify({ ...crash, reports })];
}

/** What the lanes hold, and cannot hold, given what the process said. */
function impossible(round: Round, { start, lanes }: Crash, reports: readonly Report[]): string[] {
  const strangers = Object.keys(round.state).filter((name) => !round.owners.has(keyIn(name)));
  const found = strangers.map((name) => `nobody has made ${name}`);
  for (const [lane, calls] of lanes.entries()) {
    const state = identityOf(stateOfLane(round, lane));
    const possible = possibleStates(start[lane] ?? {}, calls, (index) =>
      reportOf(reports, lane, index),
    );
    if (possible.has(state)) continue;
    found.push(`lane ${lane} holds ${state}, and not one of ${[...possible].join(' or ')}`);
  }
  return found;
}

/** Every state that calls may have led to, given what the process said of them. */
function possibleStates(
  start: State,
  calls: readonly Work[],
  reportAbout: (index: number) => Outcome | undefined,
): Set<string> {
  let states: State[] = [start];
  for (const [index, work] of calls.entries()) {
    const report = reportAbout(index);
    states = states.flatMap((state) => outcomes(state, work, report));
    // What comes after a call that never ended was never begun.
    if (!report) break;
  }
  return new Set(states.map(identityOf));
}

function outcomes(state: State, work: Work, report: Outcome | undefined): State[] {
  const done = after(state, work);
  if (report?.type === 'done') return [done];
  const isKnown = report?.type === 'failed' && report.error !== 'InDoubtError';
  return isKnown ? withDeletes(state, work) : [done, ...withDeletes(state, work)];
}
