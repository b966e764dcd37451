import type { Command } from 'commander';
import type { ModelStatus, NotedWrite, SyncStatus } from '../sync';
import { type Cell, tableLines } from './table';
import { configHelp, withConfiguration } from './with-configuration';

interface StatusOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Add `dual-write status`. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description(
      'count, for each model, the rows that are in step and those that are not, and list what is open',
    )
    .option('--config <file>', configHelp)
    .option('--json', 'print all that is known as JSON')
    .action(printStatus);
}

async function printStatus(options: StatusOptions): Promise<void> {
  await withConfiguration(options.config, async (connected) => {
    const status = await connected.dualWrite.status();
    if (options.json) console.log(JSON.stringify(status, undefined, 2));
    else for (const line of statusLines(status)) console.log(line);
  });
}

function statusLines({ legacy, models, open }: SyncStatus): string[] {
  return [
    ...[`${legacy.dialect} at ${legacy.baseUrl}`, '', ...tableLines(models.map(shownStatus))],
    ...(open.length === 0 ? [] : ['', ...open.map(openLine)]),
  ];
}

/** `open: update of Contact 17 (legacy key …), noted 2026-01-31T…: why` */
function openLine(write: NotedWrite): string {
  const { model, id, legacyId, operation, notedAt, isUnderWay, doubt } = write;
  const state = isUnderWay ? 'under way' : (doubt ?? 'not settled yet');
  const key = legacyId === null ? 'no legacy key yet' : `legacy key ${legacyId}`;
  return `open: ${operation} of ${model} ${id} (${key}), noted ${notedAt.toISOString()}: ${state}`;
}

/**
 * Counted by process, which says nothing here, where the process has only just begun; and what one
 * cell says of the feed.
 */
const notShown: readonly (keyof ModelStatus)[] = [
  ...(['lastRefreshAt', 'refreshes'] as const),
  ...(['followed', 'completeSince', 'pulledAt', 'behindMs'] as const),
];

function shownStatus(status: ModelStatus): Record<string, Cell> {
  const cells = Object.entries<Cell>({ ...status });
  const own = cells.filter(([name]) => !notShown.includes(name as keyof ModelStatus));
  return Object.fromEntries('followed' in status ? [...own, ['behind', behind(status)]] : own);
}

/** `12 s` behind the legacy system, for models that are followed. */
function behind({ followed, behindMs }: ModelStatus): string | null {
  if (!followed) return null;
  return behindMs === null ? 'not loaded' : `${Math.max(0, Math.round(behindMs / 1000))} s`;
}
