import { atom } from './atom-format';
import type { EdmValue } from './edm';
import type { Incoming } from './incoming';
import { answerQuery, countMatches, selected } from './query';
import { badRequest, type EntitySetType, type Row, ServiceRefusal } from './schema';
import type { Store, Stored } from './store';
import { decodeV2, etagOf, v2Json } from './v2-format';
import { decodeV4, v4Etag, v4Json } from './v4-format';
import type { Variation } from './variation';
import type { Addressing, WireFormat } from './wire-format';

/** An answer, before it is sent. */
export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a service is made of. */
export interface ServiceParts {
  readonly version: 2 | 4;
  readonly store: Store;
  readonly variation: Variation;
  readonly root: string;
}

const UPDATES = { 2: ['MERGE', 'PATCH'], 4: ['PATCH'] } as const;

/** A strict service of OData 2.0 or 4: whatever does not follow the standard is refused. */
export class Service {
  constructor(private readonly parts: ServiceParts) {}

  /** Carry out a request; a refusal becomes an answer, too. */
  answer(incoming: Incoming): Outgoing {
    const format = this.format(incoming);
    try {
      return this.carryOut(incoming, format);
    } catch (error) {
      if (!(error instanceof ServiceRefusal)) throw error;
      return this.refusal(error, format);
    }
  }

  private carryOut(incoming: Incoming, format: WireFormat): Outgoing {
    const { method, key, isCount } = incoming;
    const set = this.parts.store.set(incoming.entitySet);
    this.checkVersions(incoming);
    checkKey(incoming, set);
    if (method === 'GET' && isCount) return this.count(incoming, set);
    if (method === 'GET') {
      return key === undefined ? this.list(incoming, set, format) : this.one(incoming, set, format);
    }
    if (method === 'POST' && key === undefined) return this.create(incoming, set, format);
    if (key !== undefined && (UPDATES[this.parts.version] as readonly string[]).includes(method)) {
      return this.update(incoming, set, format);
    }
    if (method === 'DELETE' && key !== undefined) return this.delete(incoming, set);
    throw new ServiceRefusal(405, `${method} is not possible here`);
  }

  private checkVersions({ headers }: Incoming): void {
    const { version, variation } = this.parts;
    const named = headers[version === 2 ? 'maxdataserviceversion' : 'odata-maxversion'];
    if (typeof named === 'string' && Number.parseFloat(named) < version) {
      throw badRequest(`This service speaks OData ${version}.0 only`);
    }
    const isTunnelled = headers['x-http-method'] !== undefined;
    if (variation.noTunnel === true && isTunnelled) throw new ServiceRefusal(405, 'X-HTTP-Method');
  }

  private count({ query }: Incoming, set: EntitySetType): Outgoing {
    if (this.parts.variation.noCount === true) throw new ServiceRefusal(404, 'There is no $count');
    const count = countMatches(this.parts, set, this.parts.store.all(set), query);
    return this.sent(200, String(count), 'text/plain;charset=utf-8');
  }

  private list({ query }: Incoming, set: EntitySetType, format: WireFormat): Outgoing {
    const page = answerQuery(this.parts, set, this.parts.store.all(set), query);
    const next = page.token === undefined ? undefined : this.nextLink(set, page.token);
    return this.sent(200, format.list(this.addressing(), set, { page, next }), format.contentType);
  }

  private nextLink(set: EntitySetType, token: string): string {
    const { root, variation } = this.parts;
    const query = `?$skiptoken=${encodeURIComponent(token)}`;
    switch (variation.nextLink ?? 'absolute') {
      case 'absolute':
        return `${root}/${set.name}${query}`;
      case 'path':
        return `${new URL(root).pathname}/${set.name}${query}`;
      case 'relative':
        return `${set.name}${query}`;
      default:
        return query;
    }
  }

  private one(incoming: Incoming, set: EntitySetType, format: WireFormat): Outgoing {
    selected(set, incoming.query.get('$select'));
    return this.withRecord(200, this.existing(incoming, set), { set, format });
  }

  private create(incoming: Incoming, set: EntitySetType, format: WireFormat): Outgoing {
    const { variation, store } = this.parts;
    const { [set.key]: key, ...values } = this.values(incoming, set);
    if (key !== undefined && variation.clientKeys === 'refused') {
      throw badRequest(`${set.key} is chosen by the service`);
    }
    const isHeeded = typeof key === 'string' && variation.clientKeys !== 'ignored';
    const stored = store.insert(set, values, isHeeded ? key : undefined);
    return variation.createsSilently === true
      ? this.silent(set, stored)
      : this.withRecord(201, stored, { set, format });
  }

  private update(incoming: Incoming, set: EntitySetType, format: WireFormat): Outgoing {
    const { version, variation, store } = this.parts;
    const { key = '', headers } = incoming;
    const given = Object.entries(this.values(incoming, set));
    const values = Object.fromEntries(given.filter(([name]) => name !== set.key));
    const found = store.find(set, key);
    const mayCreate = version === 4 && variation.upserts === true && !headers['if-match'];
    if (found === undefined && mayCreate) {
      return this.withRecord(201, store.insert(set, values, key), { set, format });
    }
    const stored = this.existing(incoming, set);
    this.checkCondition(incoming, stored);
    store.update(set, stored, values);
    return this.answersUpdate(incoming)
      ? this.withRecord(200, stored, { set, format })
      : this.silent(set, stored);
  }

  private answersUpdate({ headers }: Incoming): boolean {
    const { version, variation } = this.parts;
    const { updates = 'prefer' } = variation;
    if (version === 2 || updates === 'never') return false;
    return updates === 'always' || String(headers.prefer).includes('return=representation');
  }

  private delete(incoming: Incoming, set: EntitySetType): Outgoing {
    this.checkCondition(incoming, this.existing(incoming, set));
    this.parts.store.delete(set, incoming.key ?? '');
    return this.sent(204, '');
  }

  private existing({ key = '' }: Incoming, set: EntitySetType): Stored {
    const stored = this.parts.store.find(set, key);
    if (stored === undefined) throw new ServiceRefusal(404, `No ${set.name} has this key`);
    return stored;
  }

  /** NOTE: WCF refuses conditions on records that have no ETag. */
  private checkCondition({ headers }: Incoming, stored: Stored): void {
    const { version, variation } = this.parts;
    const given = headers['if-match'];
    const isAny = given === '*' && variation.noAnyVersion !== true;
    if (variation.etags === 'none' && version === 2 && given !== undefined) {
      throw badRequest('There are no ETags here');
    }
    if (given === undefined && variation.etags === 'required') {
      throw new ServiceRefusal(428, 'If-Match is required');
    }
    const isMet = given === undefined || isAny || given === this.etag(stored);
    if (!isMet) throw new ServiceRefusal(412, 'The record has changed');
  }

  private values({ body }: Incoming, set: EntitySetType): Row {
    const values: Row = {};
    const members = JSON.parse(body === '' ? '{}' : body) as Record<string, unknown>;
    for (const [name, value] of Object.entries(members)) {
      const type = name === set.key ? (set.keyType ?? 'Edm.Guid') : set.properties[name]?.type;
      if (type === undefined) throw badRequest(`${set.name} has no property ${name}`);
      const isStamp = name === set.changedAt || name === set.createdAt;
      if (isStamp) throw badRequest(`${name} is kept by the service`);
      values[name] = this.decode(name, { type, value, body });
    }
    return values;
  }

  private decode(
    name: string,
    member: { type: Parameters<typeof decodeV4>[1]; value: unknown; body: string },
  ): EdmValue {
    const { type, value, body } = member;
    return this.parts.version === 2
      ? decodeV2(name, type, value, body)
      : decodeV4(name, type, value);
  }

  private withRecord(
    status: number,
    stored: Stored,
    { set, format }: { set: EntitySetType; format: WireFormat },
  ): Outgoing {
    const body = format.one(this.addressing(), set, stored);
    const answer = this.sent(status, body, format.contentType);
    return { ...answer, headers: { ...answer.headers, ...this.recordHeaders(set, stored) } };
  }

  private silent(set: EntitySetType, stored: Stored): Outgoing {
    const answer = this.sent(204, '');
    return { ...answer, headers: { ...answer.headers, ...this.recordHeaders(set, stored) } };
  }

  private recordHeaders(set: EntitySetType, stored: Stored): Record<string, string> {
    const { version, variation, root } = this.parts;
    const key = String(stored.row[set.key]);
    const printed = version === 2 ? `guid'${key}'` : key;
    const named = variation.namesKeys === true ? `${set.key}=${printed}` : printed;
    const address =
      variation.sloppyAddresses === true
        ? `${set.name}(${set.key}='${key}')`
        : `${root}/${set.name}(${named})`;
    return {
      Location: address,
      ...(version === 4 && { 'OData-EntityId': address }),
      ...(variation.etags !== 'none' && { ETag: this.etag(stored) }),
    };
  }

  private refusal({ status, message }: ServiceRefusal, format: WireFormat): Outgoing {
    const { notFound = 'document' } = this.parts.variation;
    if (status === 404 && notFound === 'empty') return this.sent(404, '');
    if (status === 404 && notFound === 'text') return this.sent(404, 'Not found', 'text/plain');
    return this.sent(status, format.error(status, message), format.contentType);
  }

  private etag(stored: Stored): string {
    return this.parts.version === 2 ? etagOf(stored) : v4Etag(stored);
  }

  private addressing(): Addressing {
    return { root: this.parts.root, variation: this.parts.variation };
  }

  private format({ headers, query }: Incoming): WireFormat {
    const { version, variation } = this.parts;
    if (version === 4) return v4Json;
    const asksForJson = String(headers.accept).includes('json') || query.get('$format') === 'json';
    return variation.atom === true || !asksForJson ? atom : v2Json;
  }

  private sent(status: number, body: string, contentType?: string): Outgoing {
    const version = this.parts.version === 2 ? 'DataServiceVersion' : 'OData-Version';
    const headers = { [version]: `${this.parts.version}.0` };
    return {
      status,
      body,
      headers: { ...headers, ...(contentType && { 'Content-Type': contentType }) },
    };
  }
}

function checkKey({ key, isTextKey }: Incoming, { name, keyType }: EntitySetType): void {
  if (key !== undefined && isTextKey !== (keyType === 'Edm.String')) {
    throw badRequest(`The key of ${name} is written in another way`);
  }
}
