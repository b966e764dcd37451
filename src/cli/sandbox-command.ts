import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  runSandbox,
  type Sandbox,
  sandboxLogins,
  type SandboxLogin,
} from '../../legacy-client/sandbox';

const defaultPort = 4711;

interface SandboxCommandOptions {
  readonly port: number;
  readonly schema?: string;
  readonly login: SandboxLogin;
}

/** Add `dual-write sandbox`. */
export function addSandboxCommand(program: Command): void {
  program
    .command('sandbox')
    .description('run a Dynamics for a laptop, empty and in memory, until Ctrl-C')
    .option('--port <number>', '0 for a free one', readPort, defaultPort)
    .option('--schema <file.json>', "its entities; default: the example application's CRM")
    .addOption(
      new Option('--login <kind>', 'as user sandbox with password sandbox')
        .choices(sandboxLogins)
        .default('none'),
    )
    .action(serveSandbox);
}

async function serveSandbox(options: SandboxCommandOptions): Promise<void> {
  const sandbox = await start(options);
  for (const line of connectionLines(sandbox, options.login)) console.log(line);
  await untilStopped();
  await sandbox.close();
}

async function start({ port, schema, login }: SandboxCommandOptions): Promise<Sandbox> {
  try {
    return await runSandbox({
      ...{ port, login, schemaFile: schema },
      log: (line) => console.log(line),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is taken. Name another with --port, or 0 for a free one.`, {
      cause: error,
    });
  }
}

function connectionLines({ url, url2011, urlDataverse }: Sandbox, login: SandboxLogin): string[] {
  const proof = proofFor(login, url);
  const names = proof === '' ? 'createLegacyClient' : 'auth, createLegacyClient';
  const last = proof === '' ? '' : `, ${proof}`;
  return [
    '',
    'Connect to it with',
    '',
    `  import { ${names} } from 'sequelize-dual-write';`,
    '',
    `  createLegacyClient({ dialect: 'dynamics2011', baseUrl: '${url2011}'${last} });`,
    `  createLegacyClient({ dialect: 'dataverse', baseUrl: '${urlDataverse}'${last} });`,
    '',
    'End with Ctrl-C; what it holds is gone then.',
  ];
}

function proofFor(login: SandboxLogin, url: string): string {
  const account = "username: 'sandbox', password: 'sandbox'";
  switch (login) {
    case 'none':
      return '';
    case 'adfs':
      return `auth: auth.adfsForms({ ${account}, adfsUrl: '${url}/adfs/ls/' })`;
    case 'bearer':
      // It issues tokens, too: client credentials, POSTed to that address.
      return `auth: auth.bearer({ token }) /* from ${url}/example/oauth2/v2.0/token */`;
    default:
      return `auth: auth.${login}({ ${account} })`;
  }
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
