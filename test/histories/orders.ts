import type { Face } from '../support/dual-world';
import type { Call, CallReport } from './calls';
import type { Cells, ModelName } from './state';

/** What a process is connected with. */
export interface Connection {
  readonly databaseUrl: string;
  readonly legacyUrl: string;
  readonly face: Face;
  readonly timeoutMs: number;
  /** 0 for never. */
  readonly recoverEveryMs: number;
  readonly isFollowing: boolean;
  /** The writes of a transaction are sent as one changeset. */
  readonly isWaiting: boolean;
}

/** A read, and how it is asked. */
export interface Read {
  readonly how: 'all' | 'named' | 'count' | 'each' | 'included';
  readonly model: ModelName;
  readonly names: readonly string[];
}

/** What goes wrong with a process while it carries out an order. */
export interface Mishaps {
  /** It kills itself at this exchange with a server; 0 for never. */
  readonly killAt: number;
  /** The exchanges are counted from a COMMIT on. */
  readonly killsAfterCommit: boolean;
  /** Its clock is set at this exchange with a server; 0 for never. */
  readonly jumpAt: number;
  /** How far from the true time, from then on. */
  readonly jumpMs: number;
}

/** Nothing goes wrong. */
export const noMishaps: Mishaps = { killAt: 0, killsAfterCommit: false, jumpAt: 0, jumpMs: 0 };

/** The mishaps of a command alone. */
export function mishapsOf({ killAt, killsAfterCommit, jumpAt, jumpMs }: Mishaps): Mishaps {
  return { killAt, killsAfterCommit, jumpAt, jumpMs };
}

/** What an application process is told, one line of JSON on its stdin each. */
export type Order =
  | { readonly do: 'connect'; readonly connection: Connection }
  | ({ readonly do: 'call'; readonly call: Call } & Mishaps)
  | ({ readonly do: 'read'; readonly read: Read } & Mishaps)
  | ({ readonly do: 'recover' } & Mishaps)
  | { readonly do: 'set clock'; readonly offsetMs: number };

/** A row as a read has shown it. */
export interface ShownRow {
  readonly name: string;
  readonly cells: Cells;
}

/** What the process prints about an order, one line each. */
export interface Report extends CallReport {
  readonly rows?: readonly ShownRow[];
  readonly count?: number;
}

/** What connections of the processes call themselves, so that the parent sees when they are gone. */
export const applicationName = 'histories-application';
