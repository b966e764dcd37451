import { startSandbox, type SandboxOptions } from './server';

/** The variable in which a parent hands the options over, as JSON. */
const optionsVariable = 'DUAL_WRITE_SANDBOX_OPTIONS';

/**
 * Be a sandbox in a process of its own: `{"url":"http://127.0.0.1:PORT"}` is printed on stdout.
 * The process ends on SIGTERM, and when its stdin closes: a parent that dies, however it dies,
 * leaves no orphan.
 */
async function main(): Promise<void> {
  const given = process.env[optionsVariable] ?? '{}';
  const sandbox = await startSandbox(JSON.parse(given) as SandboxOptions);
  const end = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.stdin.on('end', end).on('close', end).resume();
  process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`);
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
