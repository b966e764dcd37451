import type { Sandbox } from './control';
import { readSchemaFile } from './schema-file';
import { startSandbox } from './server';

/** Options of {@link runSandbox}. */
export interface RunSandboxOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** A JSON file with entities; without it the example application's CRM. */
  readonly schemaFile?: string | undefined;
  /** Told where the sandbox is found, a line at a time. */
  readonly log: (line: string) => void;
}

/**
 * Start a sandbox for a person, as the command line does.
 *
 * @throws Error when the port is taken or the schema file is wrong.
 */
export async function runSandbox({ port, schemaFile, log }: RunSandboxOptions): Promise<Sandbox> {
  const schema = schemaFile === undefined ? undefined : await readSchemaFile(schemaFile);
  const sandbox = await startSandbox({ port, schema });
  log(`Sandbox CRM at ${sandbox.url}, empty, in memory`);
  log(`  Dynamics 2011: ${sandbox.url2011}`);
  log(`  Dataverse:     ${sandbox.urlDataverse}`);
  return sandbox;
}
