/** Random choices that are the same on every run. */
export interface SeededRandom {
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  /** True in one of `times` cases. */
  oneIn(times: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/**
 * Make a source of random choices: mulberry32, 32 bits of state.
 *
 * @param seed - a whole number; the same seed gives the same choices in the same order.
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return {
    between,
    oneIn: (times) => between(1, times) === 1,
    pick: <T>(from: readonly T[]): T => {
      if (from.length === 0) throw new RangeError('There is nothing to pick from.');
      return from[between(0, from.length - 1)] as T;
    },
  };
}
