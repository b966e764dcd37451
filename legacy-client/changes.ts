import type { Calls } from './calls';
import type { CallOptions } from './client';
import type { Dialect, DialectRequest } from './dialects/dialect';
import { readV4Changes, trackingChanges } from './dialects/v4-changes';
import type { LegacyEntity, LegacyProperty, LegacyRecord } from './entity';
import { LegacyRequestError, LegacyResponseError, LegacyTokenExpiredError } from './errors';
import type { Answer } from './exchanger';
import { PageProgress } from './page-progress';
import { nextAddress, type PageSource } from './pager';
import { isPresent, withAbsent } from './presence';
import type { LegacyQuery } from './query';
import { redactedUrl } from './urls';

/** A part of what has changed. */
export interface ChangePage {
  /** Records as they are now: created or changed since, or all of them without `since`. */
  readonly changed: readonly LegacyRecord[];
  /**
   * Keys of records that the service itself says were deleted, or that count as not there by their
   * state (`LegacyEntity.presence`), even such as were never seen.
   */
  readonly deleted: readonly string[];
  /** Only with the last page: what to ask with next time. Opaque, but for the exact same entity. */
  readonly token?: string;
}

/** Options of {@link LegacyClient.changes}. */
export interface ChangesOptions extends CallOptions {
  /** The token of an earlier answer; without it every record comes. */
  readonly since?: string;
  /**
   * Where changes are found by stamps: how far before the latest stamp of the last answer to look
   * again, in milliseconds; default 300,000. Stamps are given before a write is visible, and clocks
   * of several servers differ.
   */
  readonly overlapMs?: number;
}

/** What {@link changesOf} and {@link keysOf} work with. */
export interface ChangeParts {
  readonly root: string;
  readonly dialect: Dialect;
  readonly calls: Calls;
  readonly pageSize?: number | undefined;
  /** The client's own lists. */
  pages(
    entity: LegacyEntity,
    query: LegacyQuery,
    options: CallOptions,
  ): AsyncIterable<readonly LegacyRecord[]>;
}

type ChangePages = AsyncGenerator<ChangePage, void, undefined>;

const defaultOverlapMs = 300_000;

/** Follow what has changed, in the way that the dialect knows. */
export async function* changesOf(
  parts: ChangeParts,
  entity: LegacyEntity,
  options: ChangesOptions,
): ChangePages {
  // NOTE: a feed must show what has become absent, too: left out, nobody would learn of it.
  const whole = withAbsent(entity);
  switch (parts.dialect.changes) {
    case 'delta':
      return yield* divided(entity, deltaOf(parts, whole, options));
    case 'stamp':
      return yield* divided(entity, stampedSince(parts, whole, options));
    case 'none':
      throw unaskable(parts, entity, 'the service has no feed of changes');
  }
}

/** Tell of records that count as not there as of deleted ones. */
async function* divided(entity: LegacyEntity, pages: ChangePages): ChangePages {
  for await (const page of pages) {
    const changed = page.changed.filter((record) => isPresent(entity, record));
    const absent = page.changed.filter((record) => !isPresent(entity, record));
    const deleted = [...page.deleted, ...absent.map(({ key }) => key)];
    yield absent.length === 0 ? page : { ...page, changed, deleted };
  }
}

/** Every key of an entity, a page at a time; nothing but the keys is sent. */
export async function* keysOf(
  parts: ChangeParts,
  { entitySet, key, logicalName, presence }: LegacyEntity,
  options: CallOptions,
): AsyncGenerator<readonly string[], void, undefined> {
  const bare = { entitySet, key, properties: [], presence, ...(logicalName && { logicalName }) };
  for await (const page of parts.pages(bare, {}, options)) yield page.map((record) => record.key);
}

async function* deltaOf(
  parts: ChangeParts,
  entity: LegacyEntity,
  { since, signal }: ChangesOptions,
): ChangePages {
  const { root, dialect, calls, pageSize } = parts;
  const first = trackingChanges(
    dialect.list(entity, {}, pageSize === undefined ? {} : { pageSize }),
  );
  const source = calls.pageSource(entity, signal ? { signal } : {});
  const seen = new Set<string>();
  const progress = new PageProgress();
  let url = since === undefined ? `${root}/${first.path}` : ownAddress(parts, entity, since);
  for (;;) {
    seen.add(url);
    const answer = await readFeed(source, first, url);
    const { changed, deleted, next, token } = calls.decoded(answer, () =>
      readV4Changes(dialect, entity, answer.body),
    );
    const whole = await completed(parts, entity, { changed, signal });
    if (next === undefined) {
      if (token === undefined) throw answer.unreadable('it has no delta link: nothing is tracked');
      // Where the service put it, it is asked for again: never at another host.
      yield { changed: whole, deleted, token: nextAddress(root, token, answer) };
      return;
    }
    url = nextAddress(root, next, answer);
    if (seen.has(url)) throw answer.unreadable('its next page was there already: it has no end');
    progress.note([...changed.map(({ key }) => key), ...deleted], answer);
    yield { changed: whole, deleted };
  }
}

/** NOTE: a token is an address, and what keeps it may have been tampered with: the login goes there. */
function ownAddress(parts: ChangeParts, entity: LegacyEntity, token: string): string {
  const url = URL.canParse(token) ? new URL(token) : undefined;
  if (url?.origin === new URL(parts.root).origin && url.username === '') return url.href;
  throw unaskable(parts, entity, 'the token is none of this service');
}

async function readFeed(source: PageSource, request: DialectRequest, url: string): Promise<Answer> {
  try {
    return await source.read(request, url);
  } catch (error) {
    if (!(error instanceof LegacyResponseError) || !isExpiry(error)) throw error;
    const { status, code, body, method, outcome } = error;
    throw new LegacyTokenExpiredError(
      'The token is too old; read everything again',
      { status, code, body },
      { method, url: redactedUrl(url), outcome, cause: error },
    );
  }
}

/** 410 by the standard; Dataverse names its error "ExpiredVersionStamp". */
function isExpiry({ status, code }: LegacyResponseError): boolean {
  return status === 410 || code.toLowerCase() === '0x80044352';
}

/** NOTE: OData 4.01 lets a feed tell only what has changed of a record; a mapping needs it whole. */
async function completed(
  parts: ChangeParts,
  entity: LegacyEntity,
  { changed, signal }: { changed: readonly LegacyRecord[]; signal: AbortSignal | undefined },
): Promise<readonly LegacyRecord[]> {
  const isPartial = ({ values }: LegacyRecord): boolean =>
    entity.properties.some(({ name }) => values[name] === undefined);
  const partial = changed.filter(isPartial).map(({ key }) => key);
  if (partial.length === 0) return changed;
  const property: LegacyProperty = { name: entity.key, kind: 'guid' };
  const query = { filter: { op: 'in', property, values: partial } } as const;
  const whole: LegacyRecord[] = [];
  for await (const page of parts.pages(entity, query, signal ? { signal } : {})) {
    whole.push(...page);
  }
  return [...changed.filter((record) => !isPartial(record)), ...whole];
}

async function* stampedSince(
  parts: ChangeParts,
  entity: LegacyEntity,
  { since, signal, overlapMs = defaultOverlapMs }: ChangesOptions,
): ChangePages {
  if (entity.modifiedOn === undefined) {
    throw unaskable(parts, entity, 'the entity has no stamp of the last change');
  }
  const property: LegacyProperty = { name: entity.modifiedOn, kind: 'dateTime' };
  const options = signal ? { signal } : {};
  const orderBy = [
    { property, direction: 'asc' },
    { property: { name: entity.key, kind: 'guid' }, direction: 'asc' },
  ] as const;
  if (since !== undefined && Number.isNaN(Date.parse(since))) {
    throw unaskable(parts, entity, 'the token is none of this service');
  }
  // What changes while everything is read has a later stamp than what was the latest before.
  let latest = since === undefined ? await latestStamp(parts, entity, options) : new Date(since);
  const isWhole = since === undefined || latest === undefined;
  const query: LegacyQuery = isWhole
    ? {}
    : { filter: { op: 'ge', property, value: earlier(latest, overlapMs) }, orderBy };
  for await (const changed of parts.pages(entity, query, options)) {
    yield { changed, deleted: [] };
    if (!isWhole) latest = latestOf(latest, changed);
  }
  yield { changed: [], deleted: [], token: (latest ?? new Date(0)).toISOString() };
}

function earlier(stamp: Date | undefined, byMs: number): Date {
  // NOTE: CRM 2011 refuses dates before 1753, so the start is no earlier than 1970.
  return new Date(Math.max(0, (stamp?.getTime() ?? 0) - byMs));
}

async function latestStamp(
  parts: ChangeParts,
  entity: LegacyEntity,
  options: CallOptions,
): Promise<Date | undefined> {
  const property: LegacyProperty = { name: entity.modifiedOn ?? '', kind: 'dateTime' };
  const query: LegacyQuery = { orderBy: [{ property, direction: 'desc' }], top: 1 };
  for await (const page of parts.pages({ ...entity, properties: [] }, query, options)) {
    return page[0]?.modifiedOn ?? undefined;
  }
  return undefined;
}

function latestOf(stamp: Date | undefined, records: readonly LegacyRecord[]): Date | undefined {
  return records.reduce(
    (latest, { modifiedOn }) =>
      modifiedOn && (!latest || modifiedOn > latest) ? modifiedOn : latest,
    stamp,
  );
}

function unaskable(
  { root }: ChangeParts,
  { entitySet }: LegacyEntity,
  why: string,
): LegacyRequestError {
  const url = redactedUrl(`${root}/${entitySet}`);
  return new LegacyRequestError(`Changes cannot be asked for: ${why}`, {
    method: 'GET',
    url,
    outcome: 'refused',
  });
}
