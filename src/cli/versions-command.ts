import { type Command, InvalidArgumentError } from 'commander';
import type { Sequelize } from 'sequelize';
import { pruneVersions, recordInitialVersions } from '../revisions';
import { UsageError } from './exit-codes';
import { tableLines } from './table';
import { configHelp, withConfiguration } from './with-configuration';

interface WithConfig {
  readonly config?: string;
}

interface PruneOptions extends WithConfig {
  readonly keepDays?: number;
  readonly keepNewest?: number;
  readonly model?: string[];
  readonly dryRun?: boolean;
}

/** Add `dual-write versions prune` and `dual-write versions initial`. */
export function addVersionsCommand(program: Command): void {
  const versions = program.command('versions').description('look after the history of records');
  versions
    .command('prune')
    .description('remove old versions; the newest of each record always stays')
    .option('--keep-days <number>', 'keep what is younger than this', numberFrom0)
    .option('--keep-newest <number>', 'keep so many of each record', numberFrom0)
    .option('--model <name...>', 'only of these models')
    .option('--dry-run', 'count, and remove nothing')
    .option('--config <file>', configHelp)
    .action(prune);
  versions
    .command('initial')
    .description('write a first version of every row that has none')
    .option('--config <file>', configHelp)
    .action(writeInitial);
}

function numberFrom0(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number from 0 on.');
}

async function prune(options: PruneOptions): Promise<void> {
  const { keepDays, keepNewest, model, dryRun = false } = options;
  if (keepDays === undefined && keepNewest === undefined) {
    throw new UsageError('Say what to keep: --keep-days, --keep-newest, or both.');
  }
  await withSequelize(options, async (sequelize) => {
    const unknown = model?.find((name) => !(name in sequelize.models));
    if (unknown !== undefined) {
      const known = Object.keys(sequelize.models).sort().join(', ');
      throw new UsageError(`There is no model ${unknown}. There are: ${known}.`);
    }
    const pruned = await pruneVersions(sequelize, { keepDays, keepNewest, models: model, dryRun });
    printCounts(pruned.versions);
    const verb = dryRun ? 'would lose' : 'have lost';
    console.log(`${pruned.revisions} revisions ${verb} all their versions, and go with them.`);
  });
}

async function writeInitial(options: WithConfig): Promise<void> {
  await withSequelize(options, async (sequelize) => {
    printCounts(await recordInitialVersions(sequelize));
  });
}

function printCounts(versions: Readonly<Record<string, number>>): void {
  const rows = Object.entries(versions).map(([model, count]) => ({ model, versions: count }));
  for (const line of tableLines(rows)) console.log(line);
  if (rows.length === 0) console.log('No versions.');
}

async function withSequelize(
  { config }: WithConfig,
  body: (sequelize: Sequelize) => Promise<void>,
): Promise<void> {
  await withConfiguration(config, async (connected) => {
    if (!connected.sequelize) {
      throw new UsageError(
        "The configuration gives no sequelize. Return the application's beside dualWrite.",
      );
    }
    await body(connected.sequelize);
  });
}
