import { type Command, Option } from 'commander';
import { verify, type Difference, type VerifyReport } from '../load';
import { UsageError } from './exit-codes';
import { printable } from './failure';
import { watched, withLoadOptions, type LoadCommandOptions } from './load-options';
import { tableLines } from './table';
import { withConfiguration } from './with-configuration';

interface VerifyCommandOptions extends LoadCommandOptions {
  readonly repair?: 'local' | 'legacy';
  readonly values?: boolean;
  readonly yes?: boolean;
}

/** Add `dual-write verify`. */
export function addVerifyCommand(program: Command): void {
  withLoadOptions(
    program.command('verify').description('compare both sides completely, and list what differs'),
  )
    .addOption(
      new Option('--repair <side>', 'make the other side like this one').choices([
        'local',
        'legacy',
      ]),
    )
    .option('--yes', 'repair without a word more: it may delete what one side does not have')
    .option('--values', 'print the differing values, too')
    .action(run);
}

async function run(models: readonly string[], options: VerifyCommandOptions): Promise<void> {
  const { repair, values = false, json = false } = options;
  if (repair && !options.yes) {
    throw new UsageError(
      `--repair ${repair} changes every record that differs, and deletes those that the ` +
        `${repair} side does not have. Look at the differences first, and then say --yes.`,
    );
  }
  await withConfiguration(options.config, async (connected) => {
    const { dualWrite } = connected;
    const differences = new DifferencePrinter(json);
    const report = await watched(models, options, (given) =>
      verify(dualWrite, {
        ...{ ...given, values },
        ...(repair && { repair }),
        onDifference: (difference) => {
          differences.print(difference);
        },
      }),
    );
    differences.end(report);
    if (report.left > 0) throw new Error(`${report.left} record(s) differ.`);
  });
}

/** Prints each difference as it comes, so that their number does not matter. */
class DifferencePrinter {
  #count = 0;

  constructor(private readonly asJson: boolean) {}

  print(difference: Difference): void {
    if (this.asJson) {
      const before = this.#count === 0 ? '{"differences": [\n  ' : ',\n  ';
      process.stdout.write(`${before}${JSON.stringify(difference)}`);
    } else console.log(printable(lineOf(difference)));
    this.#count += 1;
  }

  end({ models, left }: VerifyReport): void {
    if (this.asJson) {
      const before = this.#count === 0 ? '{"differences": [' : '\n';
      console.log(`${before}],\n"left": ${left},\n"models": ${JSON.stringify(models)}}`);
      return;
    }
    if (this.#count > 0) console.log('');
    for (const line of tableLines(models.map((model) => ({ ...model })))) console.log(line);
  }
}

function lineOf(difference: Difference): string {
  const { model, kind, id, legacyId, fields, values, reason, repaired, failure } = difference;
  const end = repaired === undefined ? '' : repaired ? ' (repaired)' : ` (left: ${failure ?? ''})`;
  const shown = values ? ` ${JSON.stringify(values)}` : fields.map((one) => ` ${one}`).join();
  return `${kind}: ${model} ${id ?? '(no row)'}, legacy key ${legacyId ?? 'none yet'}${
    reason === undefined ? shown : ` ${reason}`
  }${end}`;
}
