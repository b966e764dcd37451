/** How many tasks of one call are begun at a time; the client sends fewer requests. */
const width = 16;

/**
 * Work on many things, several at a time and in their order, until one of the tasks says that it is
 * enough; what has begun is waited for.
 *
 * @returns what was not begun.
 */
export async function inWorkers<T>(
  things: readonly T[],
  task: (thing: T) => Promise<boolean>,
): Promise<T[]> {
  const waiting = [...things];
  let goesOn = true;
  const worker = async (): Promise<void> => {
    while (goesOn) {
      const next = waiting.shift();
      if (next === undefined) return;
      if (!(await task(next))) goesOn = false;
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, things.length) }, worker));
  return waiting;
}
