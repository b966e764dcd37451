import { edit, keyNumber, legacyValues, type EditCommand } from './commands/edits';
import { performRead, type Excuse } from './commands/perform-read';
import { compareAll, performWrite, type WriteCommand } from './commands/perform-write';
import { modelOf } from './commands/reading';
import type { Command, Sequence } from './generate/sequences';
import { entities, type Entity } from './oracle/facts';
import { known, type Stage } from './stage';

/** Empty both sides, and give the CRM its first records. */
async function setUp(stage: Stage, sequence: Sequence): Promise<void> {
  await clear(stage);
  for (const entity of entities) await load(stage, entity, sequence);
  if (sequence.isLoaded) {
    for (const { name } of entities) await modelOf(stage, name).findAll();
  }
}

const bookkeeping = [
  'dual_write_known',
  'dual_write_rejected',
  'dual_write_intents',
  'dual_write_done',
  'record_revisions',
  'record_versions',
];

async function clear({ world, history }: Stage): Promise<void> {
  await world.sandbox.reset();
  // Much faster than TRUNCATE for a handful of rows.
  const tables = [...entities.map(({ table }) => table).reverse(), ...bookkeeping];
  await world.sequelize.query(tables.map((table) => `DELETE FROM "${table}"`).join('; '));
  history.restart();
}

async function load(stage: Stage, entity: Entity, { first }: Sequence): Promise<void> {
  const { name, logicalName, key } = entity;
  for (const [at, given] of first[name].entries()) {
    const ids = await known(stage);
    const record = { ...legacyValues(ids, name, given), [key]: keyNumber(name, at + 1) };
    await stage.world.sandbox.load(logicalName, [record]).catch(refusedByCrm);
  }
}

/** A record that refers to one that is not there is left out. */
function refusedByCrm(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'CrmError') throw error;
}

const noExcuse: Excuse = { isConcurrent: false, mayFail: false };

async function perform(stage: Stage, command: Command): Promise<void> {
  if (isEdit(command)) return edit(stage, command);
  if (isWrite(command)) return performWrite(stage, command, noExcuse);
  return performRead(stage, command, { excuse: noExcuse });
}

const edits: readonly string[] = ['edit', 'crmCreate', 'crmDelete'];
const writes: readonly string[] = [
  'create',
  'findOrCreate',
  'createChild',
  'save',
  'setParent',
  'destroy',
  'transaction',
];

function isEdit(command: Command): command is EditCommand {
  return edits.includes(command.do);
}

function isWrite(command: Command): command is WriteCommand {
  return writes.includes(command.do);
}

/**
 * Play a sequence from an empty world on.
 *
 * @throws ExactnessError at the first thing that is not as the oracle says.
 */
export async function play(stage: Stage, sequence: Sequence): Promise<void> {
  stage.tally.sequences += 1;
  await setUp(stage, sequence);
  for (const command of sequence.commands) await perform(stage, command);
  if (sequence.commands.some(isWrite)) await compareAll(stage);
}
