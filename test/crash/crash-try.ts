import { QueryTypes } from 'sequelize';
import type { DualWorld, Face } from '../support/dual-world';
import { clearWorld, disagreements, endQuarantine, openNotes } from './oracle';
import type { Report, Work } from './orders';
import { after, type Random, randomWork, type State } from './random-work';
import { startApplication } from './start-application';

/** What became of one process. */
export interface CrashResult {
  readonly wasKilled: boolean;
  /** Empty when everything is as it must be. */
  readonly violations: readonly string[];
}

type FaultOf = (world: DualWorld, method: string) => Promise<void>;

/** Faults that strike a write of the process now and then, beside its death. */
const faults: readonly FaultOf[] = [
  ({ sandbox }, method) => sandbox.loseResponse({ method }),
  ({ sandbox }, method) => sandbox.truncate({ method }),
  ({ sandbox }, method) => sandbox.failNext({ method, status: 500, afterApplying: true }),
  ({ sandbox }, method) => sandbox.failNext({ method, status: 503 }),
  ({ sandbox }, method) => sandbox.failNext({ method, status: 400 }),
  ({ sandbox }, method) => sandbox.failNext({ method, form: 'drop' }),
  ({ sandbox }, method) => sandbox.failNext({ method, form: 'drop', afterApplying: true }),
  ({ sandbox }) => sandbox.expireLogin({ page: true }),
];

const methods: Readonly<Record<Face, readonly string[]>> = {
  dynamics2011: ['POST', 'MERGE', 'DELETE', 'GET'],
  dataverse: ['PATCH', 'PATCH', 'DELETE', 'GET'],
};

async function setFault(world: DualWorld, face: Face, random: Random): Promise<void> {
  const method = methods[face][random(4)] ?? 'GET';
  await faults[random(faults.length)]?.(world, method);
}

/** How many exchanges with the servers a call of one write takes, roughly. */
const exchangesPerCall = 220;

/**
 * Let a process write, kill it at a random exchange with one of its servers, recover, and compare.
 *
 * Every call that was acknowledged must stand on both sides, every refused one on neither, and the
 * one that was under way on both or on neither. A delete that the CRM has carried out is completed,
 * though, whatever becomes of the rest of its transaction.
 */
export async function tryCrash(world: DualWorld, face: Face, random: Random): Promise<CrashResult> {
  const start = await begin(world, random);
  const work = randomWork(random, start, 3);
  if (random(2) === 0) await setFault(world, face, random);
  const killAt = 1 + random(exchangesPerCall * work.length);
  const application = startApplication(world, face, { work, killAt, timeoutMs: 2000 });
  await application.ended();
  const { reports } = application;
  await settle(world);
  const found = await disagreements(world);
  const possible = possibleStates(start, work, reports);
  const state = await stateOf(world);
  if (!possible.has(identityOf(state))) {
    found.push(`${JSON.stringify(state)} is none of ${[...possible].join(' or ')}`);
  }
  const wasKilled = !reports.some(({ type }) => type === 'end');
  const story = found.length === 0 ? [] : [JSON.stringify({ start, work, killAt, reports })];
  return { wasKilled, violations: [...found, ...story] };
}

async function begin(world: DualWorld, random: Random): Promise<State> {
  await clearWorld(world);
  for (const name of ['First', 'Second']) {
    await world.models.Organisation.create({ name, employees: 1 + random(10_000) });
  }
  return stateOf(world);
}

/** As recovery does on its timer, until nothing can arrive any more. */
async function settle(world: DualWorld): Promise<void> {
  await world.dualWrite.recover();
  await endQuarantine(world);
  // A fault that has not struck the process may strike recovery, which then tries again.
  for (let round = 0; round < 5; round += 1) {
    await world.dualWrite.recover();
    if ((await openNotes(world)).intents === 0) return;
  }
}

async function stateOf({ sequelize }: DualWorld): Promise<State> {
  const rows = await sequelize.query<{ id: string; employees: number }>(
    'SELECT id, employees FROM organisations ORDER BY name',
    { type: QueryTypes.SELECT },
  );
  return Object.fromEntries(rows.map(({ id, employees }) => [id, employees]));
}

function identityOf(state: State): string {
  return JSON.stringify(Object.entries(state).sort());
}

/** Every state that the calls may have led to, given what the process said of them. */
function possibleStates(
  start: State,
  work: readonly Work[],
  reports: readonly Report[],
): Set<string> {
  let states: State[] = [start];
  for (const [index, call] of work.entries()) {
    const report = reports.find((line) => line.type !== 'end' && line.index === index);
    const isLast = report === undefined;
    states = states.flatMap((state) => outcomes(state, call, report));
    if (isLast) break;
  }
  return new Set(states.map(identityOf));
}

function outcomes(state: State, call: Work, report: Report | undefined): State[] {
  const done = call.reduce(after, state);
  if (report?.type === 'done') return [done];
  const isKnown = report?.type === 'failed' && report.error !== 'InDoubtError';
  return isKnown ? withDeletes(state, call) : [done, ...withDeletes(state, call)];
}

/** Nothing of the call, but any number of its deletes, in their order. */
function withDeletes(state: State, call: Work): State[] {
  const states = [state];
  let current = state;
  for (const write of call) {
    if (write.kind !== 'destroy') continue;
    current = after(current, write);
    states.push(current);
  }
  return states;
}
