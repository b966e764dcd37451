import type { Command } from 'commander';
import { checkConnection, type ConnectionCheck } from './check';
import { tableLines } from './table';
import { configHelp, withConfiguration } from './with-configuration';

interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Add `dual-write check`. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('log in to the legacy system, and look whether it has what is mapped')
    .option('--config <file>', configHelp)
    .option('--json', 'print all that is known as JSON')
    .action(check);
}

async function check(options: CheckOptions): Promise<void> {
  await withConfiguration(options.config, async (connected) => {
    const found = await checkConnection(connected.dualWrite);
    if (options.json) console.log(JSON.stringify(found, undefined, 2));
    else for (const line of checkLines(found)) console.log(line);
    refuseProblems(found);
  });
}

function checkLines(found: ConnectionCheck): string[] {
  const { dialect, baseUrl, entities } = found;
  const rows = entities.map(({ model, entitySet, properties, problems }) => ({
    ...{ model, entitySet, properties },
    answers: problems.length === 0 ? 'yes' : 'no',
  }));
  const head = [
    `${dialect} at ${baseUrl}`,
    `Logged in as ${whoOf(found)}`,
    `Keys chosen by the client: ${clientKeyWords[found.clientKeys]}`,
  ];
  return rows.length === 0 ? head : [...head, '', ...tableLines(rows), ...problemLines(found)];
}

const clientKeyWords: Record<ConnectionCheck['clientKeys'], string> = {
  yes: 'honoured',
  probe: 'usually honoured; the answer to the first create will tell',
  no: 'not honoured',
};

function whoOf({ identity, problems }: ConnectionCheck): string {
  if (identity === null) return `nobody known: ${problems.join(' ')}`;
  const { userId, businessUnitId, organizationId } = identity;
  if (userId === null) return 'nobody: this kind of service knows no users, but it answers';
  const parts = [
    ['business unit', businessUnitId],
    ['organization', organizationId],
  ] as const;
  const rest = parts.flatMap(([name, id]) => (id === null ? [] : [`, ${name} ${id}`]));
  return `user ${userId}${rest.join('')}`;
}

function problemLines({ entities }: ConnectionCheck): string[] {
  const lines = entities.flatMap(({ model, problems }) =>
    problems.map((problem) => `${model}: ${problem}`),
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

function refuseProblems({ problems, entities, baseUrl }: ConnectionCheck): void {
  const [problem] = problems;
  if (problem !== undefined) throw new Error(`${baseUrl} does not say who one is. ${problem}`);
  const failed = entities.filter((entity) => entity.problems.length > 0).length;
  if (failed === 0) return;
  throw new Error(`${failed} of ${entities.length} mapped entities do not answer as mapped.`);
}
