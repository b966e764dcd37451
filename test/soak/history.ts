/** What a write leaves in a field, or of a record. */
export type Value = string | number | null;

/** Milliseconds of a clock that all processes of a machine share, and that nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** A write of one value into one place, which no other write of the history leaves anywhere. */
export interface WriteOperation {
  readonly do: 'write';
  /** Whose it is: an application's, or a CRM user's. */
  readonly by: 'application' | 'user';
  /** Everything that is written together: `['R1 telephone', 'R2 telephone']`. */
  readonly places: readonly string[];
  readonly value: string;
}

/** An increment of a counter. */
export interface AddOperation {
  readonly do: 'add';
  readonly place: string;
  readonly by: number;
}

/** A token that is appended to a list of them. */
export interface AppendOperation {
  readonly do: 'append';
  readonly place: string;
  readonly token: string;
}

/** A record of its own that is made, or removed. */
export interface LifeOperation {
  readonly do: 'make' | 'remove';
  readonly name: string;
}

/** A read; what it showed comes with its end. */
export interface ReadOperation {
  readonly do: 'read';
}

/** What a process sets out to do. */
export type Operation =
  WriteOperation | AddOperation | AppendOperation | LifeOperation | ReadOperation;

/** What became of it. */
export interface End {
  readonly at: number;
  /** `failed`: certainly in neither store. `unknown`: in both or in neither, some day. */
  readonly outcome: 'done' | 'failed' | 'unknown';
  readonly error?: string;
  /** Of a read: the value of each place; records by their names are `there` or null. */
  readonly shown?: Readonly<Record<string, Value>>;
}

/** An operation of a history; without an end its process was killed. */
export interface Event {
  readonly begunAt: number;
  readonly operation: Operation;
  end?: End;
}

/** A time in which a write on a record was open. */
export interface OpenTime {
  readonly record: string;
  readonly from: number;
  readonly to: number;
}

/** All that happened. */
export interface SoakHistory {
  readonly face: 'dynamics2011' | 'dataverse';
  readonly events: readonly Event[];
  readonly openTimes: readonly OpenTime[];
}

/** The record of a place: `R1` of `R1 telephone`. */
export function recordOf(place: string): string {
  return place.split(' ')[0] ?? '';
}
