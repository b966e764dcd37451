import type { Face } from '../support/dual-world';

/** One write on an organisation, by its local key. */
export type Write =
  | {
      readonly kind: 'create';
      readonly id: string;
      readonly name: string;
      readonly employees: number;
    }
  | { readonly kind: 'update'; readonly id: string; readonly employees: number }
  | { readonly kind: 'destroy'; readonly id: string };

/** A call of its own, or of several writes one transaction. */
export type Work = readonly [Write, ...Write[]];

/** What an application process is told to do: one line of JSON on its stdin. */
export interface Orders {
  readonly databaseUrl: string;
  readonly legacyUrl: string;
  readonly face: Face;
  readonly timeoutMs: number;
  readonly work: readonly Work[];
  /** At which of its exchanges with the two servers the process kills itself; 0 for never. */
  readonly killAt: number;
}

/** What connections of the process call themselves, so that the parent sees when they are gone. */
export const applicationName = 'crash-application';

/** A line that the process prints about its work. */
export type Report =
  | { readonly type: 'done'; readonly index: number }
  | {
      readonly type: 'failed';
      readonly index: number;
      readonly error: string;
      /** Of a DualWriteError. */
      readonly legacy?: string;
    }
  | { readonly type: 'end'; readonly exchanges: number };
