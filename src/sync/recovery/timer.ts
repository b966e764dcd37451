import type { Runtime } from '../runtime';
import { recover } from './recover';

/** Run recovery every so often, one at a time, without keeping the process alive. */
export function startTimer(everyMs: number, runtime: Runtime): { stop(): Promise<void> } {
  let running: Promise<void> | undefined;
  const timer =
    everyMs > 0
      ? setInterval(() => {
          running ??= run(runtime).finally(() => {
            running = undefined;
          });
        }, everyMs).unref()
      : undefined;
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function run(runtime: Runtime): Promise<void> {
  try {
    await recover(runtime);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    runtime.logger?.error({ reason }, 'Recovery failed; it is tried again');
  }
}
