import type { LegacyEntity, LegacyProperty, LegacyRecord } from '../entity';
import type { LegacyChanges } from '../client';
import type { LegacyLink, LinkedKeys } from '../link';
import type { LegacyFilter, LegacyQuery } from '../query';
import type { FilterCapabilities } from './filter-capabilities';

/** The names that `createLegacyClient({ dialect })` takes. */
export type DialectName = 'dynamics2011' | 'dataverse' | 'odata2' | 'odata4';

/** One page of an answer, decoded. */
export interface DecodedPage {
  readonly records: readonly LegacyRecord[];
  /** Absolute or relative address of the next page, as the server gave it. */
  readonly next?: string;
}

/** What a request needs beyond its address: the transport adds authentication and limits. */
export interface DialectRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'MERGE' | 'DELETE';
  /** Relative to the service root, encoded. */
  readonly path: string;
  /** What is asked for in its place, beside the service root: `Organization.svc/web`. */
  readonly beside?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, for a body that is no JSON. */
  readonly text?: string;
}

/** What of a request is decided by the client, not by the query. */
export interface RequestChoices {
  /** How many records a page should have; only a wish, and only some dialects can say it. */
  readonly pageSize?: number;
  /** Leave `$select` out, because with it the URL would be too long: every column comes. */
  readonly allColumns?: boolean;
}

/** What {@link Dialect.create} may be told. */
export interface CreateChoices extends RequestChoices {
  readonly key?: string;
}

/** What {@link Dialect.update} may be told. */
export interface UpdateChoices extends RequestChoices {
  readonly ifMatch?: string;
}

/** A refusal in the service's own error document. */
export interface ServiceError {
  readonly status: number;
  /** `-2147220969`, `0x80040217`; empty where it gave none. */
  readonly code: string;
  readonly message: string;
}

/** Refusals that a dialect tells from others by their code. */
export type ErrorClass = 'notFound' | 'conflict';

/** What a server family can do: what filters mean there, how its writes behave. */
export interface DialectCapabilities extends FilterCapabilities {
  /** Longest whole URL in characters that the server takes. */
  readonly maxUrlLength: number;
  /**
   * Longest whole URL of a GET within a `$batch`, which is how reads go whose URL is longer than
   * `maxUrlLength`; left out where the service takes none.
   */
  readonly maxBatchUrlLength?: number | undefined;
  /** ETags: conditional writes, and a version for each record. */
  readonly etags: boolean;
  /** An update answers with the complete record. */
  readonly returnsUpdated: boolean;
  /** A create may name its key (`probe`: usually, the answer tells). */
  readonly clientKeys: 'yes' | 'probe' | 'no';
  /** Repeating a create with the same key is told from the first one by the server. */
  readonly idempotentCreate: boolean;
  /** `$skip` is understood. */
  readonly skip: boolean;
  /** Stamps have whole seconds only. */
  readonly wholeSecondStamps: boolean;
  /** The server's count is exact at any size (Dataverse's saturates at 5,000). */
  readonly exactCount: boolean;
  /**
   * How changes can be followed: `delta` links, with deletions; records by the `stamp` of their last
   * change, without; `none`.
   */
  readonly changes: 'delta' | 'stamp' | 'none';
  /** Several writes can be sent as one changeset of a `$batch`. */
  readonly batch: boolean;
  /** Most operations of one changeset. */
  readonly maxBatch: number;
  /**
   * What instants are in the service's `$metadata`; default `Edm.DateTime` in OData v2, where
   * literals of one are not compared with the other.
   */
  readonly dateTimeType?: 'Edm.DateTime' | 'Edm.DateTimeOffset' | undefined;
  /** `Edm.String` where the service keeps keys as texts, which it compares as they are written. */
  readonly guidType?: 'Edm.String' | undefined;
  /** OData 4.01's `in`, which makes filters shorter; only `odata4` asks. */
  readonly inOperator?: boolean | undefined;
  /** An update may be a POST with `X-HTTP-Method: MERGE` (default), or has to be a MERGE. */
  readonly tunnelsUpdates?: boolean | undefined;
  /** A 404 may be a proxy's, or mean an entity set that is not there: a list by key tells. */
  readonly vagueNotFound?: boolean | undefined;
  /** Comparisons that the service takes in one filter: ASP.NET's own limit is met at about 20. */
  readonly maxComparisons?: number | undefined;
  /** Default name of the property with the stamp of the last change. */
  readonly modifiedOn?: string;
  /** Default name of the property with the stamp of creation. */
  readonly createdOn?: string;
}

/**
 * One server family: what it can do, how it is spoken to, how its answers are read. Pure: requests
 * that it cannot spell are an `UnsendableError`, answers that it cannot read a
 * `MalformedAnswerError` (problems.ts); the client adds method and URL.
 */
export interface Dialect extends DialectCapabilities {
  readonly name: DialectName;
  /** The first page of a query. */
  list(entity: LegacyEntity, query: LegacyQuery, choices?: RequestChoices): DialectRequest;
  /** One record. */
  get(entity: LegacyEntity, key: string, choices?: RequestChoices): DialectRequest;
  /** A create, with a key of the caller's where the server takes it. */
  create(entity: LegacyEntity, values: LegacyChanges, options?: CreateChoices): DialectRequest;
  /** An update of the given properties only; on Dynamics 2011 of the state alone, or without it. */
  update(
    entity: LegacyEntity,
    key: string,
    changes: LegacyChanges,
    options?: UpdateChoices,
  ): DialectRequest;
  /** A delete. */
  delete(entity: LegacyEntity, key: string, ifMatch?: string): DialectRequest;
  /** A new link of a many-to-many relationship. */
  associate(link: LegacyLink, keys: LinkedKeys, root: string): DialectRequest;
  /** The removal of a link. */
  disassociate(link: LegacyLink, keys: LinkedKeys, root: string): DialectRequest;
  /** What a `$batch` itself carries, beside its content type. */
  readonly batchHeaders: Readonly<Record<string, string>>;
  /** How a request line within a batch names what is at a path below the service root. */
  partAddress(root: string, path: string): string;
  /** Undefined where the server cannot count. */
  count(entity: LegacyEntity, filter?: LegacyFilter): DialectRequest | undefined;
  /** The spelling of a filter, not yet URL-encoded. */
  filter(filter: LegacyFilter): string;
  /** The property as filters and orders name it: `optevia_Sector/Id`, `_optevia_sector_value`. */
  path(property: LegacyProperty): string;
  /** @throws MalformedAnswerError when the body is not a page of this dialect. */
  decodePage(entity: LegacyEntity, body: unknown): DecodedPage;
  /**
   * @param etag - the answer's `ETag` header, for answers whose body has none.
   * @throws MalformedAnswerError when the body is not a record of this dialect.
   */
  decodeRecord(entity: LegacyEntity, body: unknown, etag?: string): LegacyRecord;
  /**
   * Undefined where the number is the server's ceiling and so not exact.
   *
   * @throws MalformedAnswerError when the body is not a count.
   */
  decodeCount(body: unknown): number | undefined;
  /** What the service's own error says; undefined where the status alone decides. */
  classifyError(error: ServiceError): ErrorClass | undefined;
}
