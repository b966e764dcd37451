import type { LegacyEntity, LegacyRecord } from '../entity';
import type { Dialect, DialectRequest } from './dialect';
import { normalisedGuid } from './guid';
import { MalformedAnswerError } from './problems';
import { isWireObject, type WireObject, wireObject } from './record-reading';

/** One page of a feed of changes, decoded. */
export interface DecodedChanges {
  readonly changed: readonly LegacyRecord[];
  /** Keys. */
  readonly deleted: readonly string[];
  /** Address of the next page, as the server gave it. */
  readonly next?: string;
  /** The delta link, with the last page. */
  readonly token?: string;
}

/**
 * Ask for a list with changes tracked from then on.
 *
 * @remarks Source: OData 4.0 part 1, 8.2.8.6 and 11.3; Dataverse refuses filters, orders,
 *   expansions and `$top` beside it.
 */
export function trackingChanges(list: DialectRequest): DialectRequest {
  const { Prefer } = list.headers;
  const prefer = [Prefer, 'odata.track-changes'].filter((part) => part !== undefined).join(',');
  return { ...list, headers: { ...list.headers, Prefer: prefer } };
}

/**
 * Read a page of a feed: whole records, and tombstones of OData 4.0 (`$deletedEntity` contexts,
 * `{ id, reason }`) and 4.01 (`@removed`). Changes of links are passed over: lookups are properties.
 *
 * @throws MalformedAnswerError when it is none, or says that a record left for another reason than
 *   its deletion.
 */
export function readV4Changes(
  dialect: Pick<Dialect, 'decodePage'>,
  entity: LegacyEntity,
  body: unknown,
): DecodedChanges {
  const page = wireObject(body, 'a list of OData v4');
  const entries = Array.isArray(page.value) ? (page.value as readonly unknown[]) : [];
  const changed: unknown[] = [];
  const deleted: string[] = [];
  for (const entry of entries) {
    const tombstone = isWireObject(entry) ? tombstoneIn(entry) : undefined;
    if (tombstone === 'link') continue;
    if (tombstone === undefined) changed.push(entry);
    else deleted.push(deletedKey(entity, tombstone));
  }
  const value = Array.isArray(page.value) ? changed : page.value;
  const { records, next } = dialect.decodePage(entity, { ...page, value });
  const token = page['@odata.deltaLink'] ?? page['@deltaLink'];
  return {
    changed: records,
    deleted,
    ...(next !== undefined && { next }),
    ...(typeof token === 'string' && token !== '' && { token }),
  };
}

function tombstoneIn(entry: WireObject): WireObject | 'link' | undefined {
  const context = entry['@odata.context'] ?? entry['@context'];
  if (typeof context === 'string' && /\/\$(?:deletedLink|link)$/i.test(context)) return 'link';
  if (isWireObject(entry['@odata.removed'] ?? entry['@removed'])) return entry;
  return typeof context === 'string' && /\/\$deletedEntity$/i.test(context) ? entry : undefined;
}

function deletedKey(entity: LegacyEntity, entry: WireObject): string {
  const removed = entry['@odata.removed'] ?? entry['@removed'];
  const reason = isWireObject(removed) ? removed.reason : entry.reason;
  if (reason !== 'deleted') {
    throw new MalformedAnswerError(
      `a record of ${entity.entitySet} left the feed without being deleted`,
    );
  }
  const id = entry[entity.key] ?? entry.id ?? entry['@odata.id'] ?? entry['@id'];
  const key = typeof id === 'string' ? normalisedGuid(bareKey(id)) : undefined;
  if (key !== undefined) return key;
  throw new MalformedAnswerError(`a deleted record of ${entity.entitySet} came without its key`);
}

/** The key in `c5f2…`, `accounts(c5f2…)`, `…/accounts(accountid=c5f2…)`. */
function bareKey(id: string): string {
  const [, inner] = /\(([^()]*)\)$/.exec(id) ?? [];
  return (inner ?? id).replace(/^\w+=/, '').replace(/^guid'(.*)'$/, '$1');
}
