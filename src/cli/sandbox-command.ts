import { type Command, InvalidArgumentError } from 'commander';
import { runSandbox, type Sandbox } from '../../legacy-client/sandbox';

const defaultPort = 4711;

interface SandboxCommandOptions {
  readonly port: number;
  readonly schema?: string;
}

/** Add `dual-write sandbox`. */
export function addSandboxCommand(program: Command): void {
  program
    .command('sandbox')
    .description('run a Dynamics for a laptop, empty and in memory, until Ctrl-C')
    .option('--port <number>', '0 for a free one', readPort, defaultPort)
    .option('--schema <file.json>', "its entities; default: the example application's CRM")
    .action(serveSandbox);
}

async function serveSandbox({ port, schema }: SandboxCommandOptions): Promise<void> {
  const sandbox = await start(port, schema);
  for (const line of connectionLines(sandbox)) console.log(line);
  await untilStopped();
  await sandbox.close();
}

async function start(port: number, schemaFile: string | undefined): Promise<Sandbox> {
  try {
    return await runSandbox({ port, schemaFile, log: (line) => console.log(line) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is taken. Name another with --port, or 0 for a free one.`, {
      cause: error,
    });
  }
}

function connectionLines({ url2011, urlDataverse }: Sandbox): string[] {
  return [
    '',
    'Connect to it with',
    '',
    "  import { createLegacyClient } from 'sequelize-dual-write';",
    '',
    `  createLegacyClient({ dialect: 'dynamics2011', baseUrl: '${url2011}' });`,
    `  createLegacyClient({ dialect: 'dataverse', baseUrl: '${urlDataverse}' });`,
    '',
    'End with Ctrl-C; what it holds is gone then.',
  ];
}

async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}
