import { bothSides } from './both-sides';
import type { CrashWorld } from './crash-world';
import { endQuarantine, openNotes } from './oracle';
import type { Orders, Work } from './orders';
import { type Random, randomUuid } from './random';
import type { Lane } from './random-work';
import { type FaultName, lateMs, timeoutMs } from './sandbox-faults';
import type { State } from './state';
import type { Tally } from './tally';

/** A row of crashes on the same records. */
export interface Round {
  readonly world: CrashWorld;
  readonly random: Random;
  readonly tally: Tally;
  readonly lanes: readonly Lane[];
  /** Where there are changesets, half of the rounds send transactions as such. */
  readonly writes?: 'changeset';
  /** The number of the lane that a key belongs to. */
  readonly owners: Map<string, number>;
  state: State;
}

const laneCount = 5;

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
  const isTogether = world.face === 'dataverse' && random(2) === 0;
  const writes = isTogether ? 'changeset' : undefined;
  return { world, random, tally, lanes, owners, state, ...(writes && { writes }) };
}

/** The key that a record's name in a state has: of a link, the organisation's. */
export const keyIn = (name: string): string => name.split(' ')[1] ?? '';

/** What belongs to one lane. */
export function stateOfLane({ state, owners }: Round, lane: number): State {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => owners.get(keyIn(name)) === lane),
  );
}

/** What a process was to do, and what befell it. */
export interface Crash {
  readonly start: readonly State[];
  readonly lanes: readonly (readonly Work[])[];
  readonly killAt: number;
  readonly cutAt: number;
  readonly fault: FaultName | undefined;
}

/** What every process of a round is told. */
export function ordersOf({ writes }: Round): Pick<Orders, 'timeoutMs' | 'writes'> {
  return { timeoutMs, ...(writes && { writes }) };
}

/** A crash at this work, of which nothing else is chosen by chance. */
export function crashOf(round: Round, lanes: readonly (readonly Work[])[]): Crash {
  const start = lanes.map((_, index) => stateOfLane(round, index));
  return { start, lanes, killAt: 0, cutAt: 0, fault: undefined };
}

/** As recovery does on its timer, until nothing can arrive any more. */
export async function settle(world: CrashWorld): Promise<void> {
  if ((await openNotes(world)).intents > 0) await world.dualWrite.recover();
  await passQuarantine(world);
  // A fault that has not struck the process may strike recovery, which then tries again.
  for (let round = 0; round < 6; round += 1) {
    const { intents, done } = await openNotes(world);
    if (intents + done === 0) return;
    await world.dualWrite.recover();
  }
}

/** Let the quarantine pass: whatever is on its way arrives, and then time is moved. */
export async function passQuarantine(world: CrashWorld): Promise<void> {
  const isLate = (await world.journal()).some(({ status }) => status === null);
  if (isLate) await new Promise((resolve) => setTimeout(resolve, lateMs));
  await world.sandbox.clearJournal();
  await endQuarantine(world);
}
