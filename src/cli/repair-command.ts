import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import type { DualWrite, RightSide, TwoSides } from '../sync';
import { UsageError } from './exit-codes';
import { tableLines } from './table';
import { configHelp, withConfiguration } from './with-configuration';

interface RepairOptions {
  readonly take?: RightSide;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** Add `dual-write repair`. */
export function addRepairCommand(program: Command): void {
  program
    .command('repair')
    .description('show a record on both sides, and make them equal in the direction you choose')
    .argument('<model>', 'its name: Organisation')
    .argument('<key>', 'the primary key of the row, or the legacy key')
    .addOption(new Option('--take <side>', 'the side that is right').choices(['local', 'legacy']))
    .option('--yes', 'do not ask before changing anything')
    .option('--json', 'print both sides as JSON')
    .option('--config <file>', configHelp)
    .action(repair);
}

async function repair(model: string, key: string, options: RepairOptions): Promise<void> {
  const { take } = options;
  await withConfiguration(options.config, async (connected) => {
    const { dualWrite } = connected;
    const sides = await dualWrite.inspect(model, key);
    print(sides, options);
    if (!take) {
      printChoices(sides, options);
      return;
    }
    if (!options.yes) await confirm(consequence(sides, take));
    await repairAndPrint(dualWrite, { model, key, take }, options);
  });
}

async function repairAndPrint(
  dualWrite: DualWrite,
  { model, key, take }: { readonly model: string; readonly key: string; readonly take: RightSide },
  options: RepairOptions,
): Promise<void> {
  const sides = await dualWrite.repair(model, key, take);
  if (!options.json) console.log('\nDone. Now:\n');
  print(sides, options);
}

function print(sides: TwoSides, { json }: RepairOptions): void {
  if (json) console.log(JSON.stringify(sides, undefined, 2));
  else for (const line of linesOf(sides)) console.log(line);
}

function linesOf(sides: TwoSides): string[] {
  const { model, id, legacyId, isLocal, isLegacy, isAhead, fields, rejected, openWrites } = sides;
  const differing = fields.filter(({ differs }) => differs);
  return [
    `${model} ${id ?? '(no row)'}, legacy key ${legacyId ?? 'none yet'}`,
    `here: ${isLocal ? (isAhead ? 'yes, with changes that are not there' : 'yes') : 'no'}`,
    `there: ${isLegacy ? 'yes' : 'no'}`,
    ...(rejected === null ? [] : [`rejected here: ${rejected}`]),
    ...openWrites.map(
      ({ operation, notedAt, isUnderWay, doubt }) =>
        `open: ${operation} of ${notedAt.toISOString()}, ` +
        (isUnderWay ? 'under way' : (doubt ?? 'not settled yet')),
    ),
    '',
    ...(differing.length === 0
      ? ['All mapped fields agree.']
      : tableLines(
          differing.map(({ attribute, local, legacy }) => ({
            attribute,
            here: local,
            there: legacy,
          })),
        )),
  ];
}

function printChoices(sides: TwoSides, { json }: RepairOptions): void {
  if (json) return;
  console.log('');
  console.log(`--take local   ${consequence(sides, 'local')}`);
  console.log(`--take legacy  ${consequence(sides, 'legacy')}`);
}

/** What would be changed, in words. */
function consequence({ isLocal, isLegacy }: TwoSides, take: RightSide): string {
  const [has, hasOther] = take === 'local' ? [isLocal, isLegacy] : [isLegacy, isLocal];
  const other = take === 'local' ? 'legacy record' : 'row';
  if (has) return hasOther ? `sets the ${other}` : `creates the ${other}`;
  return hasOther ? `DELETES the ${other}` : 'forgets the open writes';
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageError('Nobody can be asked here. Pass --yes to go on without a question.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`\nThis ${question}. Go on? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Error('Nothing was changed.');
  } finally {
    terminal.close();
  }
}
