import type { LegacyEntity, LegacyProperty } from '../entity';
import { type PropertyWriting, writeChanges } from './change-writing';
import type { Dialect, DialectCapabilities, DialectName, DialectRequest } from './dialect';
import { type FilterSpelling, printFilter } from './filter-printing';
import {
  listOptions,
  selectedColumns,
  sendableKey,
  sendableNavigation,
  textKeyPath,
  withOptions,
} from './query-options';
import type { RecordSpelling } from './record-reading';
import { readV2Page, readV2Record } from './v2-answers';

/** What two servers of OData v2 do differently. */
export interface V2Variant {
  readonly name: DialectName;
  readonly capabilities: DialectCapabilities;
  readonly filters: FilterSpelling;
  readonly records: RecordSpelling;
  readonly write: PropertyWriting;
  /** Sent with everything. */
  readonly headers: Readonly<Record<string, string>>;
}

type V2Requests = Pick<Dialect, 'list' | 'get' | 'create' | 'update' | 'delete'>;

/** Sent with every body. */
const jsonBody = { 'Content-Type': 'application/json; charset=utf-8' };

/** What a dialect of OData v2 is made of, without what only its variant knows. */
export function v2Dialect(
  variant: V2Variant,
): Omit<Dialect, 'count' | 'decodeCount' | 'classifyError'> {
  const { name, capabilities, filters, records } = variant;
  return {
    ...capabilities,
    ...v2Requests(variant),
    ...v2Links(variant),
    name,
    batchHeaders: { ...variant.headers, Accept: 'multipart/mixed' },
    partAddress: (_root, path) => path,
    filter: (filter) => printFilter(filters, filter),
    path: (property) => filters.path(property),
    decodePage: (entity, body) => readV2Page(records, entity, body),
    decodeRecord: (entity, body, etag) =>
      readV2Record(records, entity, { body, etag: capabilities.etags ? etag : undefined }),
  };
}

function v2Requests({ capabilities, filters, records, write, headers }: V2Variant): V2Requests {
  const column = (property: LegacyProperty): string => records.column(property);
  const conditional = (ifMatch?: string): Record<string, string> =>
    capabilities.etags && ifMatch !== undefined ? { 'If-Match': ifMatch } : {};
  const written = { ...headers, ...jsonBody };
  const path = capabilities.guidType === 'Edm.String' ? textKeyPath : keyPath;
  return {
    list: (entity, query, { allColumns } = {}) => {
      const columns = selectedColumns(entity, query.select ?? entity.properties, column);
      const options = { ...listOptions(filters, query), $select: allColumns ? undefined : columns };
      return reading(withOptions(entity.entitySet, options), headers);
    },
    get: (entity, key, { allColumns } = {}) => {
      const columns = selectedColumns(entity, entity.properties, column);
      const options = { $select: allColumns ? undefined : columns };
      return reading(withOptions(path(entity, key), options), headers);
    },
    create: (entity, values, { key } = {}) => {
      const ownKey = key === undefined ? {} : { [entity.key]: sendableKey(entity, key) };
      const body = { ...ownKey, ...writeChanges(entity, values, write) };
      return { method: 'POST', path: entity.entitySet, headers: written, body };
    },
    update: (entity, key, changes, { ifMatch } = {}) => ({
      ...(capabilities.tunnelsUpdates === false
        ? { method: 'MERGE', headers: { ...written, ...conditional(ifMatch) } }
        : {
            method: 'POST',
            headers: { ...written, ...conditional(ifMatch), 'X-HTTP-Method': 'MERGE' },
          }),
      path: path(entity, key),
      body: writeChanges(entity, changes, write),
    }),
    delete: (entity, key, ifMatch) => ({
      method: 'DELETE',
      path: path(entity, key),
      headers: { ...headers, ...conditional(ifMatch) },
    }),
  };
}

/** @remarks Source: OData v2 operations, links between entries. */
function v2Links({ headers }: V2Variant): Pick<Dialect, 'associate' | 'disassociate'> {
  return {
    associate: (link, keys, root) => ({
      method: 'POST',
      path: `${keyPath(link.from, keys.from)}/$links/${sendableNavigation(link)}`,
      headers: { ...headers, ...jsonBody },
      body: { uri: `${root}/${keyPath(link.to, keys.to)}` },
    }),
    disassociate: (link, keys) => {
      const links = `${keyPath(link.from, keys.from)}/$links/${sendableNavigation(link)}`;
      return {
        method: 'DELETE',
        path: `${links}(guid'${sendableKey(link.to, keys.to)}')`,
        headers,
      };
    },
  };
}

function reading(path: string, headers: Readonly<Record<string, string>>): DialectRequest {
  return { method: 'GET', path, headers };
}

/** `AccountSet(guid'…')` */
function keyPath(entity: Pick<LegacyEntity, 'entitySet'>, key: string): string {
  return `${entity.entitySet}(guid'${sendableKey(entity, key)}')`;
}
