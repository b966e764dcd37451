import { bothSides } from './both-sides';
import type { CrashWorld } from './crash-world';
import { endQuarantine, openNotes } from './oracle';
import type { Outcome, Report, Work } from './orders';
import { type Random, randomUuid } from './random';
import { type Lane, randomWork } from './random-work';
import { type FaultName, lateMs, setRandomFault, timeoutMs } from './sandbox-faults';
import { startApplication } from './start-application';
import { after, identityOf, type State, withDeletes } from './state';

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

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** A row of crashes on the same records. */
export interface Round {
  readonly world: CrashWorld;
  readonly random: Random;
  readonly tally: Tally;
  readonly lanes: readonly Lane[];
  /** The number of the lane that a key belongs to. */
  readonly owners: Map<string, number>;
  state: State;
}

const laneCount = 3;

/** How many exchanges with the servers the calls of a process take, roughly. */
const exchanges = 900;

/** Empty the world, and make what the calls of a round refer to. */
export async function beginRound(world: CrashWorld, random: Random, tally: Tally): Promise<Round> {
  await world.reset();
  const { Organisation, Sector } = world.crashModels;
  const sectors = await Sector.bulkCreate(['A', 'B', 'C'].map((name) => ({ name })));
  const lanes = Array.from({ length: laneCount }, (_, index): Lane => ({
    hub: randomUuid(random),
    tag: `lane${index}`,
    sectors: sectors.map(({ id }) => id),
  }));
  await Organisation.bulkCreate(
    lanes.map(({ hub, tag }) => ({
      id: hub,
      name: `Hub ${hub}`,
      employees: 100,
      accountNumber: tag,
    })),
  );
  const owners = new Map(lanes.map(({ hub }, index) => [hub, index]));
  const { state } = await bothSides(world);
  return { world, random, tally, lanes, owners, state };
}

/** The key that a record's name in a state has: of a link, the organisation's. */
const keyIn = (name: string): string => name.split(' ')[1] ?? '';

function stateOfLane({ state, owners }: Round, lane: number): State {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => owners.get(keyIn(name)) === lane),
  );
}

interface Crash {
  readonly start: readonly State[];
  readonly lanes: readonly (readonly Work[])[];
  readonly killAt: number;
  readonly cutAt: number;
  readonly fault: FaultName | undefined;
}

/** Choose what a process does, and what befalls it. */
async function orderCrash(round: Round): Promise<Crash> {
  const { random, world, lanes, owners, tally } = round;
  const start = lanes.map((_, index) => stateOfLane(round, index));
  const work = lanes.map((lane, index) => {
    const calls = randomWork({ random, lane, state: start[index] ?? {} }, 2);
    for (const id of JSON.stringify(calls).match(/[0-9a-f-]{36}/g) ?? []) owners.set(id, index);
    return calls;
  });
  const fault = random(2) === 0 ? await setRandomFault(world, world.face, random) : undefined;
  // The first is left alone, and leaves its machine code to the others.
  const chosen = 1 + random(exchanges);
  const killAt = tally.processes === 0 ? 0 : chosen;
  const cutAt = random(8) === 0 ? 1 + random(chosen) : 0;
  if (fault) count(tally.faults, fault);
  if (cutAt > 0) count(tally.faults, 'connection cut');
  return { start, lanes: work, killAt, cutAt, fault };
}

/**
 * Let a process work in several lanes at once, kill it at a random exchange with one of its servers,
 * recover (now and then in a process that is killed, too), and compare.
 *
 * Every call that was acknowledged must stand on both sides, every refused one on neither, and those
 * that were under way on both or on neither. A delete that the CRM has carried out is completed,
 * though, whatever becomes of the rest of its transaction.
 *
 * @returns what is wrong: nothing when everything is as it must be.
 */
export async function crashOnce(round: Round): Promise<string[]> {
  const { world, tally } = round;
  const crash = await orderCrash(round);
  const { lanes, killAt, cutAt } = crash;
  const application = startApplication(world, world.face, { lanes, killAt, cutAt, timeoutMs });
  tally.processes += 1;
  if (await application.ended()) tally.kills += 1;
  const { reports } = application;
  tallyCalls(tally, lanes, reports);
  if (round.random(4) === 0) await killRecovering(round);
  await settle(world);
  const { state, problems } = await bothSides(world);
  round.state = state;
  const found = [...problems, ...impossible(round, crash, reports)];
  if (found.length === 0) return [];
  tally.violations += 1;
  return [...found, JSON.stringify({ ...crash, reports })];
}

async function killRecovering({ world, random, tally }: Round): Promise<void> {
  if ((await openNotes(world)).intents === 0) return;
  if (random(2) === 0) await endQuarantine(world);
  const recovering = startApplication(world, world.face, {
    recoveries: 2,
    killAt: 1 + random(60),
    timeoutMs,
  });
  tally.processes += 1;
  if (!(await recovering.ended())) return;
  tally.kills += 1;
  tally.killsInRecovery += 1;
}

/** As recovery does on its timer, until nothing can arrive any more. */
async function settle(world: CrashWorld): Promise<void> {
  if ((await openNotes(world)).intents > 0) await world.dualWrite.recover();
  const isLate = (await world.journal()).some(({ status }) => status === null);
  if (isLate) await new Promise((resolve) => setTimeout(resolve, lateMs));
  await world.sandbox.clearJournal();
  await endQuarantine(world);
  // A fault that has not struck the process may strike recovery, which then tries again.
  for (let round = 0; round < 6; round += 1) {
    const { intents, done } = await openNotes(world);
    if (intents + done === 0) return;
    await world.dualWrite.recover();
  }
}

function tallyCalls(
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

function reportOf(reports: readonly Report[], lane: number, index: number): Outcome | undefined {
  return reports.find(
    (line): line is Outcome =>
      (line.type === 'done' || line.type === 'failed') &&
      line.lane === lane &&
      line.index === index,
  );
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
