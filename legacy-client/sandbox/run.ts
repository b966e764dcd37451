import type { Sandbox } from './control';
import { readSchemaFile } from './schema-file';
import type { SandboxLogin } from './login/gate';
import { startSandbox } from './server';

/** Options of {@link runSandbox}. */
export interface RunSandboxOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** A JSON file with entities; without it the example application's CRM. */
  readonly schemaFile?: string | undefined;
  /** How clients log in, as user `sandbox` with password `sandbox`; default `none`. */
  readonly login?: SandboxLogin | undefined;
  /** Told where the sandbox is found, a line at a time. */
  readonly log: (line: string) => void;
}

/**
 * Start a sandbox for a person, as the command line does.
 *
 * @throws Error when the port is taken or the schema file is wrong.
 */
export async function runSandbox(options: RunSandboxOptions): Promise<Sandbox> {
  const { port, schemaFile, login, log } = options;
  const schema = schemaFile === undefined ? undefined : await readSchemaFile(schemaFile);
  const sandbox = await startSandbox({ port, schema, login });
  log(`Sandbox CRM at ${sandbox.url}, empty, in memory`);
  log(`  Dynamics 2011: ${sandbox.url2011}`);
  log(`  Dataverse:     ${sandbox.urlDataverse}`);
  return sandbox;
}
