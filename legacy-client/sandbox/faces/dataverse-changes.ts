import { CrmError } from '../crm-error';
import type { EntityModel } from '../entity-model';
import type { Row } from '../store/row-list';
import type { Store } from '../store/store';
import { queryString, type FaceAnswer, type FaceRequest } from './face';

/** Where a client stands in the feed of an entity. */
interface Place {
  /** Tokens of another one have expired. */
  readonly generation: number;
  /** What was changed after this has not been told; 0 for nobody asked before. */
  readonly since: number;
  /** What is told in these pages ends here: what comes later belongs to the next token. */
  readonly until: number;
  /** The last thing that was told. */
  readonly after?: { readonly version: number; readonly key: string };
}

/** One thing that a feed tells. */
interface Told {
  readonly key: string;
  readonly version: number;
  /** Undefined for a record that was deleted. */
  readonly row: Row | undefined;
}

/** What an answer of the feed is made with. */
export interface FeedPage {
  readonly request: FaceRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly pageSize: number;
  readonly encode: (model: EntityModel, row: Row) => Record<string, unknown>;
}

/** NOTE: a feed is of a whole entity; the service refuses to narrow or order it. */
const notWithChanges = ['$filter', '$orderby', '$expand', '$top'];

/** Answer `Prefer: odata.track-changes`, a page behind it, or a delta link. */
export function answerChanges(store: Store, model: EntityModel, page: FeedPage): FaceAnswer {
  const { request, pageSize, encode } = page;
  for (const name of notWithChanges) {
    if (request.options.has(name)) {
      throw new CrmError('badQuery', `${name} cannot be used with change tracking.`);
    }
  }
  const place = placeOf(store, request.options);
  const told = thingsToTell(store, model, place);
  const shown = told.slice(0, pageSize);
  const last = shown.at(-1);
  const context = `${request.root}/$metadata#${model.collectionName}`;
  const value = shown.map(({ key, row }) =>
    row === undefined
      ? { '@odata.context': `${context}/$deletedEntity`, id: key, reason: 'deleted' }
      : encode(model, row),
  );
  const link = (name: string, next: Place): string => {
    const options = new Map(request.options);
    options.delete('$deltatoken');
    options.delete('$skiptoken');
    options.set(name, writePlace(next));
    return `${request.root}/${model.collectionName}${queryString(options)}`;
  };
  const isLast = last === undefined || told.length === shown.length;
  const { generation, until } = place;
  const end = isLast
    ? { '@odata.deltaLink': link('$deltatoken', { generation, since: until, until }) }
    : { '@odata.nextLink': link('$skiptoken', { ...place, after: last }) };
  const json = { '@odata.context': `${context}${place.since > 0 ? '/$delta' : ''}`, value, ...end };
  return { status: 200, headers: page.headers, json };
}

function thingsToTell(store: Store, model: EntityModel, place: Place): Told[] {
  const table = store.table(model);
  const { since, until, after } = place;
  const told: Told[] = [];
  for (const row of table.list.sorted()) {
    const { key, version } = row;
    // NOTE: the first pages are the records as they are, even such as have changed since the first.
    if (since === 0 || (version > since && version <= until)) told.push({ key, version, row });
  }
  if (since === 0) {
    return after === undefined ? told : told.filter(({ key }) => key > after.key);
  }
  for (const [key, version] of table.deletions) {
    if (version > since && version <= until) told.push({ key, version, row: undefined });
  }
  told.sort((one, other) => one.version - other.version || (one.key < other.key ? -1 : 1));
  if (after === undefined) return told;
  return told.filter(
    ({ key, version }) => version > after.version || (version === after.version && key > after.key),
  );
}

function writePlace({ generation, since, until, after }: Place): string {
  const parts = [generation, since, until, ...(after ? [after.version, after.key] : [])];
  return parts.join('!');
}

function placeOf(store: Store, options: ReadonlyMap<string, string>): Place {
  const { changeGeneration: current, version } = store;
  const text = options.get('$deltatoken') ?? options.get('$skiptoken');
  if (text === undefined) return { generation: current, since: 0, until: version };
  const match = /^(\d+)!(\d+)!(\d+)(?:!(\d+)!([0-9a-f-]+))?$/.exec(text);
  if (match === null) throw new CrmError('badQuery', 'The token is not one of this service.');
  const [, generation, since, until, ofLast, key] = match;
  if (Number(generation) !== current) {
    throw new CrmError(
      'expiredVersionStamp',
      'Version stamp associated with the client has expired. Please perform a full sync.',
    );
  }
  return {
    generation: current,
    since: Number(since),
    // A delta link is asked for everything until now; its pages end where the first one did.
    until: options.has('$deltatoken') ? version : Number(until),
    ...(key !== undefined && { after: { version: Number(ofLast), key } }),
  };
}
