import type { LegacyValue } from '../entity';

/** A record in the sandbox's store, in neutral values, by 2011 property name, key included. */
export type SandboxRecord = Readonly<Record<string, LegacyValue>>;

/** One request that the sandbox received. */
export interface JournalEntry {
  /** 1, 2, 3 … in the order of arrival. */
  readonly sequence: number;
  /** The logical operation: a 2011 POST with `X-HTTP-Method: MERGE` is `MERGE`. */
  readonly method: string;
  readonly face: 'dynamics2011' | 'dataverse';
  /** As in the URL, without key: `AccountSet`, `accounts`. */
  readonly entitySet: string;
  /** Lower case, no braces; null for lists and creates. */
  readonly key: string | null;
  /** Decoded path and query below the service root. */
  readonly url: string;
  /** Whether the store was changed. */
  readonly applied: boolean;
  /** The status sent; null where no complete answer was sent. */
  readonly status: number | null;
  /** Body of a write, parsed; a batch has `parts` instead. */
  readonly body?: unknown;
  /** Of a batch, whose method is `BATCH`: its requests, in their order. */
  readonly parts?: readonly JournalPart[];
}

/**
 * One request of a batch. Its status is null when it was not reached, or was taken back with its
 * changeset.
 */
export type JournalPart = Omit<JournalEntry, 'sequence' | 'face' | 'parts'>;

/**
 * Which requests a fault strikes; every given part must fit.
 *
 * A target that fits a request within a batch strikes there: `failNext` and `throttle` only this
 * request, which fails its changeset; the others the batch as a whole.
 */
export interface FaultTarget {
  /** The logical operation: `GET`, `POST`, `MERGE`, `PATCH`, `PUT`, `DELETE`, `BATCH`. */
  readonly method?: string;
  /** Either face's name of the entity set, or the logical name. */
  readonly entitySet?: string;
  readonly key?: string;
  /** How many requests it strikes before it is used up; default 1. */
  readonly times?: number;
}

/** How {@link SandboxControl.failNext} answers. */
export interface FailNext extends FaultTarget {
  /** Default 500. */
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
  /** `json` is the face's error shape; `drop` closes the connection without an answer. */
  readonly form?: 'json' | 'xml' | 'html' | 'drop';
  /** Apply a write before failing. Default false. */
  readonly afterApplying?: boolean;
}

/** Switches and views of a running sandbox, the same in its process and from another one. */
export interface SandboxControl {
  failNext(fault?: FailNext): Promise<void>;
  /** Wait before a request is handled (`before`) or after it was applied, before the answer. */
  delayNext(fault: FaultTarget & { delayMs: number; when?: 'before' | 'after' }): Promise<void>;
  /** Apply the next matching request and close the connection without an answer. */
  loseResponse(fault?: FaultTarget): Promise<void>;
  /** Apply, answer with the right headers, but cut the body in the middle and close. */
  truncate(fault?: FaultTarget): Promise<void>;
  /** 429 with `Retry-After`, not applied. */
  throttle(fault?: FaultTarget & { retryAfterSeconds?: number }): Promise<void>;
  /**
   * From now on sessions are invalid. Without a login, and with Basic, the next requests are turned
   * away as if there had been one: 401, or with `page` a login page (200, HTML). Behind `bearer`,
   * `ntlm` and `adfs` the sessions end once, whatever `times` says.
   */
  expireLogin(options?: { page?: boolean; times?: number }): Promise<void>;
  /** Change a record as a user of the CRM does: stamps and version move, nothing is journalled. */
  editAsLegacyUser(
    logicalName: string,
    key: string,
    changes: Readonly<Record<string, LegacyValue>>,
  ): Promise<SandboxRecord>;
  createAsLegacyUser(
    logicalName: string,
    values: Readonly<Record<string, LegacyValue>>,
  ): Promise<SandboxRecord>;
  /** From now on the tokens of change tracking that were given before have expired. */
  expireChangeTokens(): Promise<void>;
  /**
   * From now on the CRM's clock, which its stamps come from, is this far from the one that it was
   * started with, in milliseconds, behind it when negative; 0 sets it right again, and so does `reset`.
   */
  shiftClock(offsetMs: number): Promise<void>;
  /** Follows the schema's cascades, as the service does. */
  deleteAsLegacyUser(logicalName: string, key: string): Promise<void>;
  /** Every record of an entity, ordered by key. */
  records(logicalName: string): Promise<SandboxRecord[]>;
  record(logicalName: string, key: string): Promise<SandboxRecord | undefined>;
  /** Load many records at once, without journal entries, stamps as given or now. */
  load(
    logicalName: string,
    records: readonly Readonly<Record<string, LegacyValue>>[],
  ): Promise<void>;
  journal(): Promise<JournalEntry[]>;
  clearJournal(): Promise<void>;
  /** Faults that were set and have not struck. */
  pendingFaults(): Promise<string[]>;
  /** Empty store, journal and faults. */
  reset(): Promise<void>;
}

/** A sandbox that runs in this process. */
export interface Sandbox extends SandboxControl {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Service root of the Dynamics 2011 face. */
  readonly url2011: string;
  /** Service root of the Dataverse face. */
  readonly urlDataverse: string;
  close(): Promise<void>;
}
