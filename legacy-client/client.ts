import type { BatchOperation, BatchResult } from './batch/operation';
import type { ChangePage, ChangesOptions } from './changes';
import type { Dialect } from './dialects/dialect';
import type { LegacyEntity, LegacyRecord, LegacyValue } from './entity';
import type { AssociateOptions, LegacyLink, LinkedKeys } from './link';
import type { Priority } from './limits/priority';
import type { ServiceMetadata } from './metadata';
import type { LegacyFilter, LegacyQuery } from './query';
import type { LegacyIdentity, WhoAmIOptions } from './who-am-i/identity';

/** Options of every call. */
export interface CallOptions {
  /** Gives the request up; a write that was under way then ends with outcome `unknown`. */
  readonly signal?: AbortSignal;
  /**
   * `'bulk'` for a load that can wait: interactive calls go first, and have a share of the turns and
   * of the budget to themselves. Default `'interactive'`.
   */
  readonly priority?: Priority;
}

/** A page of a list with where the next one is, or a part of a large page. */
export interface LinkedPage {
  readonly records: readonly LegacyRecord[];
  /**
   * The address of the next page, to go on from in another process, too; null on the last one.
   * Undefined where more of the same page comes: until its end, nothing follows from what is missing.
   */
  readonly next: string | null | undefined;
}

/** Options of {@link LegacyClient.linkedPages}. */
export interface LinkedPagesOptions extends CallOptions {
  /** Where to begin: the `next` of an earlier page of the same query. */
  readonly from?: string;
}

/** Options of {@link LegacyClient.create}. */
export interface CreateOptions extends CallOptions {
  /**
   * The key that the record shall have. Servers that honour it make a repeat harmless; the
   * answer's key says whether this one did.
   */
  readonly key?: string;
  /**
   * Called before the request is repeated although an earlier copy may still be on its way: even
   * after an answer, that copy may arrive.
   */
  readonly onRepeat?: () => void;
}

/** Options of {@link LegacyClient.update} and {@link LegacyClient.delete}. */
export interface ConditionalOptions extends CallOptions {
  /** An ETag (`LegacyRecord.version`); ignored by dialects without ETags. */
  readonly ifMatch?: string;
}

/** Values to send, by property name, in the neutral form of {@link LegacyValue}. */
export type LegacyChanges = Readonly<Record<string, LegacyValue>>;

/** A request that would be sent. */
export interface PlannedRequest {
  readonly method: string;
  /** Absolute, as it would be sent. */
  readonly url: string;
  /** It is too long to be sent by itself, and goes as a part of a `$batch`. */
  readonly inBatch?: true;
}

/**
 * A connection to one OData service. Every method throws a `LegacyError` (see errors.ts) and
 * nothing else when the service or the way to it fails; what cannot be written at all (an unknown
 * property, a URL that is too long) is a `LegacyRequestError`, before anything is sent.
 */
export interface LegacyClient {
  readonly baseUrl: string;
  readonly dialect: Dialect;
  /** Every record of the query, all pages followed, each record once: the first that came. */
  list(entity: LegacyEntity, query?: LegacyQuery, options?: CallOptions): Promise<LegacyRecord[]>;
  /**
   * The same a page at a time, in bounded memory. One long list may repeat a record that moved
   * between its pages; several requests of a split `in` do not. A query that is split and ordered
   * comes as one page.
   */
  pages(
    entity: LegacyEntity,
    query?: LegacyQuery,
    options?: CallOptions,
  ): AsyncIterable<readonly LegacyRecord[]>;
  /**
   * The same for a list that may be given up and gone on with: each page says where the next one is.
   * A large page comes in parts, while it arrives, and waits for the caller, so that memory is bounded
   * whatever the size of a page. It is asked for again when it breaks off; what came is not repeated.
   *
   * @throws LegacyRequestError when the query does not fit into one request, or `from` is an address
   *   of elsewhere.
   */
  linkedPages(
    entity: LegacyEntity,
    query?: LegacyQuery,
    options?: LinkedPagesOptions,
  ): AsyncIterable<LinkedPage>;
  /**
   * One record; throws `LegacyNotFoundError` only on the service's own not-found answer, and for a
   * record that counts as not there by its state (`LegacyEntity.presence`).
   */
  get(entity: LegacyEntity, key: string, options?: CallOptions): Promise<LegacyRecord>;
  /**
   * The record after its creation, complete. `LegacyNotFoundError` on a create or update may also
   * mean a record that a lookup points to.
   */
  create(
    entity: LegacyEntity,
    values: LegacyChanges,
    options?: CreateOptions,
  ): Promise<LegacyRecord>;
  /**
   * Sends only the values given. Returns the complete record afterwards where the dialect returns
   * it with the update (`dialect.returnsUpdated`), otherwise undefined: read it then. Without any
   * change nothing is sent, and the answer is undefined.
   */
  update(
    entity: LegacyEntity,
    key: string,
    changes: LegacyChanges,
    options?: ConditionalOptions,
  ): Promise<LegacyRecord | undefined>;
  /** Throws `LegacyNotFoundError` when there is no such record. */
  delete(entity: LegacyEntity, key: string, options?: ConditionalOptions): Promise<void>;
  /**
   * Links two records of a many-to-many relationship. `LegacyConflictError` when they are linked
   * already; a link that a lost first try has made counts as made.
   */
  associate(link: LegacyLink, keys: LinkedKeys, options?: AssociateOptions): Promise<void>;
  /** Takes a link away; throws `LegacyNotFoundError` when there is none, or not such a record. */
  disassociate(link: LegacyLink, keys: LinkedKeys, options?: CallOptions): Promise<void>;
  /**
   * Writes that are applied together or not at all: one changeset in one request. The results stand
   * in the order of the operations; an update without any change is not sent.
   *
   * @throws LegacyRequestError when the dialect has no batches (`dialect.batch`) or there are more
   *   operations than one changeset takes (`dialect.maxBatch`). The error of an operation is the one
   *   that its own method would throw, with its `index`.
   */
  batch(operations: readonly BatchOperation[], options?: CallOptions): Promise<BatchResult[]>;
  /** The service's own count; `undefined` where the dialect has none that is exact. */
  count(
    entity: LegacyEntity,
    filter?: LegacyFilter,
    options?: CallOptions,
  ): Promise<number | undefined>;
  /**
   * What has changed since a token, or without one every record, a page at a time; the last page
   * has the next token. Deletions come only where `dialect.changes` is `delta`; where it is `stamp`,
   * only those of records that are absent by their state: find the others with `keys`, and expect
   * records again that have come before.
   *
   * @throws LegacyTokenExpiredError when the token is too old: read everything again.
   * @throws LegacyRequestError where `dialect.changes` is `none`, or the token is of elsewhere.
   */
  changes(entity: LegacyEntity, options?: ChangesOptions): AsyncIterable<ChangePage>;
  /** Every key, a page at a time; nothing but keys is asked for. */
  keys(entity: LegacyEntity, options?: CallOptions): AsyncIterable<readonly string[]>;
  /**
   * The requests that `list` begins with, one unless the filter has to be split; nothing is sent.
   *
   * @throws LegacyRequestError when the query cannot be asked.
   */
  listRequests(entity: LegacyEntity, query?: LegacyQuery): readonly PlannedRequest[];
  /** The same for `count`; undefined where the dialect cannot count. */
  countRequests(entity: LegacyEntity, filter?: LegacyFilter): readonly PlannedRequest[] | undefined;
  /**
   * What the service says of its entities, properties and lookups in `$metadata`. On a Dynamics
   * with its own customizations a document of several megabytes.
   */
  metadata(options?: CallOptions): Promise<ServiceMetadata>;
  /**
   * Who the service takes us for: a check of the connection and of the login. On Dynamics 2011 it can
   * check somebody's own user name and password. Plain OData servers tell nobody, but must answer.
   *
   * @throws LegacyLoginError when the login is refused.
   */
  whoAmI(options?: WhoAmIOptions): Promise<LegacyIdentity>;
  /** Ends kept-alive connections. */
  close(): void;
}
