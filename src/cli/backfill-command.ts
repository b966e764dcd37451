import type { Command } from 'commander';
import { backfill, planBackfill, type BackfillReport } from '../load';
import type { DualWrite } from '../sync';
import { printable } from './failure';
import { watched, withLoadOptions, type LoadCommandOptions } from './load-options';
import { tableLines } from './table';
import { withConfiguration } from './with-configuration';

interface BackfillCommandOptions extends LoadCommandOptions {
  readonly dryRun?: boolean;
}

/** Add `dual-write backfill`. */
export function addBackfillCommand(program: Command): void {
  withLoadOptions(
    program
      .command('backfill')
      .description('copy models completely, parents before children; goes on after a kill'),
  )
    .option('--dry-run', 'say what would be read, and write nothing')
    .action(run);
}

async function run(models: readonly string[], options: BackfillCommandOptions): Promise<void> {
  await withConfiguration(options.config, async (connected) => {
    const { dualWrite } = connected;
    if (options.dryRun) await printPlan(dualWrite, models, options);
    else await load(dualWrite, models, options);
  });
}

async function printPlan(
  dualWrite: DualWrite,
  models: readonly string[],
  { workers, parts, json }: BackfillCommandOptions,
): Promise<void> {
  const plan = await planBackfill(dualWrite, {
    ...{ models, workers },
    ...(parts !== undefined && { parts: Math.max(1, parts) }),
  });
  if (json) console.log(JSON.stringify(plan, undefined, 2));
  else for (const line of tableLines(plan.map((model) => ({ ...model })))) console.log(line);
}

async function load(
  dualWrite: DualWrite,
  models: readonly string[],
  options: BackfillCommandOptions,
): Promise<void> {
  const report = await watched(models, options, (given) => backfill(dualWrite, given));
  if (options.json) console.log(JSON.stringify(report, undefined, 2));
  else for (const line of reportLines(report)) console.log(printable(line));
  const rejected = report.models.reduce((all, one) => all + one.rejected, 0);
  if (rejected > 0) {
    throw new Error(`${rejected} record(s) were rejected; all others are here.`);
  }
}

function reportLines({ models, rejected, ahead }: BackfillReport): string[] {
  return [
    ...tableLines(models.map((model) => ({ ...model }))),
    ...rejected.map(
      ({ model, legacyId, detail }) =>
        `rejected: ${model} ${legacyId ?? ''}: ${String(detail.reason)}`,
    ),
    ...ahead.map(
      ({ model, legacyId, localId }) =>
        `ahead: ${model} ${localId ?? ''}, legacy key ${legacyId ?? 'none yet'}`,
    ),
  ];
}
