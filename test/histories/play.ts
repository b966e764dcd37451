import type { History } from './commands';
import { clearFaults } from './faults';
import { Player } from './player';
import { awaitItsEnd, type Stage } from './stage';

/**
 * Play a history from an empty world on, and settle and compare everything at its end.
 *
 * @throws HistoryError at the first thing that is not as it must be.
 */
export async function play(stage: Stage, history: History): Promise<void> {
  stage.tally.histories += 1;
  const player = new Player(stage, history);
  try {
    await player.begin();
    for (const command of history.commands) await player.perform(command);
    await player.settle();
  } catch (error) {
    // Whatever state it is in, the next history begins with another.
    clearFaults(stage.world.sandbox);
    await stage.application?.kill();
    stage.application = undefined;
    await awaitItsEnd(stage);
    throw error;
  }
}
