import { judgeCrash } from './judge';
import { openNotes } from './oracle';
import { randomWork } from './random-work';
import { type Crash, ordersOf, passQuarantine, type Round, settle, stateOfLane } from './round';
import { setRandomFault } from './sandbox-faults';
import { startApplication } from './start-application';
import { count, countEnd, tallyCalls } from './tally';

/** How many exchanges with the servers the calls of a process take, roughly. */
const exchanges = 900;

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
 * @returns what is wrong: nothing when everything is as it must be.
 */
export async function crashOnce(round: Round): Promise<string[]> {
  const { world, tally } = round;
  const crash = await orderCrash(round);
  const { lanes, killAt, cutAt } = crash;
  const application = startApplication(world, world.face, {
    ...ordersOf(round),
    lanes,
    killAt,
    cutAt,
  });
  countEnd(tally, await application.ended(), 'work');
  tallyCalls(tally, lanes, application.reports);
  if (round.random(4) === 0) await killRecovering(round);
  await settle(world);
  return judgeCrash(round, crash, application.reports);
}

async function killRecovering(round: Round): Promise<void> {
  const { world, random, tally } = round;
  if ((await openNotes(world)).intents === 0) return;
  if (random(2) === 0) await passQuarantine(world);
  const recovering = startApplication(world, world.face, {
    ...ordersOf(round),
    recoveries: 2,
    killAt: 1 + random(60),
  });
  countEnd(tally, await recovering.ended(), 'recovery');
}
