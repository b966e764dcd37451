/** How long anything may take, in milliseconds. */
const patienceMs = 15_000;
const pauseMs = 10;

/**
 * Wait for a state.
 *
 * @param state - as the failure names it.
 * @throws Error when it does not come.
 */
export async function until(state: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${state}.`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
