import type { ConnectedDualWrite } from './config';
import { readConfigFile } from './config-file';

/** What `--config` is said to be by commands that always need it. */
export const configHelp = 'default: dual-write.config.ts, .js or .cjs in this folder';

/**
 * Connect as the configuration says, run a command's work, and close everything, however it ends.
 *
 * @param file - as `--config` names it.
 */
export async function withConfiguration<T>(
  file: string | undefined,
  work: (connected: ConnectedDualWrite) => Promise<T>,
): Promise<T> {
  const config = await readConfigFile(file);
  const connected = await config.connect();
  try {
    return await work(connected);
  } finally {
    await connected.close();
  }
}
