import { randomUUID } from 'node:crypto';
import type { Work, Write } from './orders';

/** Integers from 0 to below `limit`, the same ones for the same seed (mulberry32). */
export type Random = (limit: number) => number;

/** Make a source of repeatable chance. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What organisations hold: employees by local key. */
export type State = Readonly<Record<string, number>>;

/** The state after one more write. */
export function after(state: State, write: Write): State {
  if (write.kind !== 'destroy') return { ...state, [write.id]: write.employees };
  return Object.fromEntries(Object.entries(state).filter(([id]) => id !== write.id));
}

function randomWrite(random: Random, state: State): Write {
  const employees = 1 + random(10_000);
  const ids = Object.keys(state);
  const id = ids[random(Math.max(ids.length, 1))];
  const kind = (['create', 'update', 'destroy'] as const)[random(3)] ?? 'create';
  if (id === undefined || kind === 'create') {
    const made = randomUUID();
    return { kind: 'create', id: made, name: `Made ${made}`, employees };
  }
  return kind === 'update' ? { kind, id, employees } : { kind: 'destroy', id };
}

/** Calls of one write, and transactions of up to four, that make sense one after the other. */
export function randomWork(random: Random, start: State, calls: number): Work[] {
  let state = start;
  return Array.from({ length: calls }, () => {
    const size = random(2) === 0 ? 1 : 2 + random(3);
    const writes: Write[] = [];
    for (let index = 0; index < size; index += 1) {
      const write = randomWrite(random, state);
      state = after(state, write);
      writes.push(write);
    }
    return writes as [Write, ...Write[]];
  });
}
