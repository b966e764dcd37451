import { edit, keyNumber, legacyValues, type EditCommand } from './commands/edits';
import { performRead, type Excuse } from './commands/perform-read';
import { compareAll, destroys, performWrite, type WriteCommand } from './commands/perform-write';
import { clearFaults, setFault, settle } from './commands/faulted';
import { modelOf } from './commands/reading';
import { isWriteStep } from './commands/write-steps';
import type { Command, FaultedCommand, SingleCommand, TogetherCommand } from './generate/groups';
import type { Sequence } from './generate/sequences';
import { differences } from './oracle/changes';
import { entities, type Entity } from './oracle/facts';
import { complain, keysNow, type Stage } from './stage';

/** Empty both sides, and give the CRM its first records. */
async function setUp(stage: Stage, sequence: Sequence): Promise<void> {
  await clear(stage);
  for (const entity of entities) await load(stage, entity, sequence);
  if (sequence.isLoaded) {
    for (const { name } of entities) await modelOf(stage, name).findAll();
  }
}

async function clear({ world, history, bookkeeping }: Stage): Promise<void> {
  await world.sandbox.reset();
  // What is removed a moment later must not meet what is removed here.
  await world.dualWrite.recover();
  // Much faster than TRUNCATE for a handful of rows.
  const tables = [...entities.map(({ table }) => table).reverse(), ...bookkeeping];
  await world.sequelize.query(tables.map((table) => `DELETE FROM "${table}"`).join('; '));
  history.restart();
}

async function load(stage: Stage, entity: Entity, { first }: Sequence): Promise<void> {
  const { name, logicalName, key } = entity;
  for (const [at, given] of first[name].entries()) {
    const record = { ...legacyValues(keysNow(stage), name, given), [key]: keyNumber(name, at + 1) };
    await stage.world.sandbox.load(logicalName, [record]).catch(refusedByCrm);
  }
}

/** A record that refers to one that is not there is left out. */
function refusedByCrm(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'CrmError') throw error;
}

const noExcuse: Excuse = { isConcurrent: false, mayFail: false };

async function single(stage: Stage, command: SingleCommand, excuse: Excuse): Promise<void> {
  if (isEdit(command)) await edit(stage, command);
  else if (isWrite(command)) await performWrite(stage, command, excuse);
  else await performRead(stage, command, { excuse });
}

async function perform(stage: Stage, command: Command): Promise<void> {
  switch (command.do) {
    case 'together':
      return together(stage, command);
    case 'faulted':
      return faulted(stage, command);
    default:
      return single(stage, command, noExcuse);
  }
}

/** Do several things at the same time; all of them end, whatever becomes of the others. */
async function together(stage: Stage, { commands }: TogetherCommand): Promise<void> {
  const excuse: Excuse = { isConcurrent: true, mayFail: false };
  const ends = await Promise.allSettled(commands.map((one) => single(stage, one, excuse)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  if (commands.some((one) => isWrite(one))) await compareAll(stage);
}

/** Let one request of a call fail; then what is in doubt is settled. */
async function faulted(stage: Stage, { fault, command }: FaultedCommand): Promise<void> {
  const { history, world } = stage;
  const excuse: Excuse = { isConcurrent: false, mayFail: true };
  const before = history.at(history.now);
  await setFault(stage, fault);
  let isUndone = false;
  if (isWrite(command)) {
    isUndone = (await performWrite(stage, command, excuse)) && !destroys(command);
  } else {
    await performRead(stage, command, { excuse });
  }
  clearFaults(world.sandbox);
  await settle(stage);
  if (isUndone) complain(differences(before, history.at(history.now)));
  await compareAll(stage);
}

const edits: readonly string[] = ['edit', 'crmCreate', 'crmDelete'];
function isEdit(command: Command): command is EditCommand {
  return edits.includes(command.do);
}

function isWrite(command: Command): command is WriteCommand {
  return command.do === 'transaction' || isWriteStep(command);
}

/**
 * Play a sequence from an empty world on.
 *
 * NOTE: at its time limit fast-check leaves a sequence alone, which goes on all the same: the next one
 * on the same stage waits for that.
 *
 * @throws ExactnessError at the first thing that is not as the oracle says.
 */
export async function play(stage: Stage, sequence: Sequence): Promise<void> {
  const played = stage.playing.then(() => playAlone(stage, sequence));
  stage.playing = played.catch(() => undefined);
  return played;
}

async function playAlone(stage: Stage, sequence: Sequence): Promise<void> {
  stage.tally.sequences += 1;
  await setUp(stage, sequence);
  for (const command of sequence.commands) await perform(stage, command);
  if (sequence.commands.some(isWrite)) await compareAll(stage);
}
