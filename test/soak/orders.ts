import type { Face } from '../support/dual-world';
import type { Event } from './history';

/** What a process of the soak is told: one line of JSON on its stdin. The next line tells it to end. */
export interface Orders {
  readonly face: Face;
  readonly databaseUrl: string;
  readonly legacyUrl: string;
  /** Where the CRM's own users work. */
  readonly sandboxUrl: string;
  /** Different from those of all other processes: its values begin with it. */
  readonly name: string;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly settleAfterMs: number;
  readonly records: readonly string[];
  /** Records of which CRM users write what applications write, too. */
  readonly shared: readonly string[];
}

/** What it prints about an operation: at its begin, and at its end again. */
export type Line = Pick<Event, 'begunAt' | 'operation' | 'end'> & { readonly number: number };

/** What connections of the processes call themselves. */
export const applicationName = 'soak-application';
