import type { Result } from '../compare';
import type { Stage } from '../stage';

/** One question, answered by one or more comparisons. */
export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  run(stage: Stage): Promise<Result[]>;
}

/** Do something for each of these, one after the other, and have nothing to tell. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<undefined> {
  for (const item of items) await work(item);
  return undefined;
}

/** `[0, 1, …]` */
export function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
