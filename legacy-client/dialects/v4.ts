import type { LegacyEntity, LegacyProperty } from '../entity';
import type { LegacyLink, LinkedKeys } from '../link';
import { type PropertyWriting, writeChanges } from './change-writing';
import type {
  Dialect,
  DialectCapabilities,
  DialectName,
  DialectRequest,
  RequestChoices,
} from './dialect';
import { type FilterSpelling, printFilter } from './filter-printing';
import {
  listOptions,
  type QueryOptions,
  selectedColumns,
  sendableKey,
  sendableNavigation,
  textKeyPath,
  withOptions,
} from './query-options';
import type { RecordSpelling } from './record-reading';
import { readV4Page, readV4Record } from './v4-answers';

/** What two servers of OData v4 do differently. */
export interface V4Variant {
  readonly name: DialectName;
  readonly capabilities: DialectCapabilities;
  readonly filters: FilterSpelling;
  readonly records: RecordSpelling;
  readonly write: PropertyWriting;
}

/** What every request of OData v4 carries. */
export const v4Headers = {
  Accept: 'application/json',
  'OData-Version': '4.0',
  'OData-MaxVersion': '4.0',
};

/** The same for requests with a body. */
export const v4WriteHeaders = { ...v4Headers, 'Content-Type': 'application/json; charset=utf-8' };

/** What a dialect of OData v4 is made of, as a server that follows the standard has it. */
export function v4Dialect(variant: V4Variant): Omit<Dialect, 'decodeCount' | 'classifyError'> & {
  count(...of: CountArguments): DialectRequest;
} {
  const { name, capabilities, filters, records } = variant;
  return {
    ...capabilities,
    ...v4Reads(variant),
    ...v4Writes(variant),
    ...v4Links,
    name,
    batchHeaders: { ...v4Headers, Accept: 'multipart/mixed' },
    partAddress: (_root, path) => path,
    filter: (filter) => printFilter(filters, filter),
    path: (property) => filters.path(property),
    decodePage: (entity, body) => readV4Page(records, entity, body),
    decodeRecord: (entity, body, etag) =>
      readV4Record(records, entity, { body, etag: capabilities.etags ? etag : undefined }),
  };
}

type CountArguments = Parameters<Dialect['count']>;

function keyPath({ guidType }: DialectCapabilities): typeof v4KeyPath {
  return guidType === 'Edm.String' ? textKeyPath : v4KeyPath;
}

function v4Reads({
  capabilities,
  filters,
  records,
}: V4Variant): Pick<Dialect, 'list' | 'get'> & { count(...of: CountArguments): DialectRequest } {
  return {
    list: (entity, query, choices = {}) => {
      const { pageSize } = choices;
      const select = selectOption(records, entity, { ...choices, properties: query.select });
      const path = withOptions(entity.entitySet, { ...listOptions(filters, query), ...select });
      const prefer: Record<string, string> =
        pageSize === undefined ? {} : { Prefer: `odata.maxpagesize=${pageSize}` };
      return { method: 'GET', path, headers: { ...v4Headers, ...prefer } };
    },
    get: (entity, key, choices = {}) => ({
      method: 'GET',
      path: withOptions(keyPath(capabilities)(entity, key), selectOption(records, entity, choices)),
      headers: v4Headers,
    }),
    count: (entity, filter) => ({
      method: 'GET',
      path: withOptions(`${entity.entitySet}/$count`, {
        $filter: filter === undefined ? undefined : printFilter(filters, filter),
      }),
      headers: { ...v4Headers, Accept: 'text/plain, application/json;q=0.5' },
    }),
  };
}

function v4Writes({
  capabilities,
  write,
}: V4Variant): Pick<Dialect, 'create' | 'update' | 'delete'> {
  const conditional = (ifMatch?: string): Record<string, string> =>
    capabilities.etags && ifMatch !== undefined ? { 'If-Match': ifMatch } : {};
  return {
    create: (entity, values, { key } = {}) => {
      const ownKey = key === undefined ? {} : { [entity.key]: sendableKey(entity, key) };
      const body = { ...ownKey, ...writeChanges(entity, values, write) };
      return { method: 'POST', path: entity.entitySet, headers: v4WriteHeaders, body };
    },
    update: (entity, key, changes, { ifMatch } = {}) => ({
      method: 'PATCH',
      path: keyPath(capabilities)(entity, key),
      headers: { ...v4WriteHeaders, ...conditional(ifMatch) },
      body: writeChanges(entity, changes, write),
    }),
    delete: (entity, key, ifMatch) => ({
      method: 'DELETE',
      path: keyPath(capabilities)(entity, key),
      headers: { ...v4Headers, ...conditional(ifMatch) },
    }),
  };
}

/** @remarks Source: OData 4.0 part 1, 11.4.6 (links between entities). */
const v4Links: Pick<Dialect, 'associate' | 'disassociate'> = {
  associate: (link, keys, root) => ({
    method: 'POST',
    path: `${v4NavigationPath(link, keys)}/$ref`,
    headers: v4WriteHeaders,
    body: { '@odata.id': `${root}/${v4KeyPath(link.to, keys.to)}` },
  }),
  disassociate: (link, keys, root) => ({
    method: 'DELETE',
    path: withOptions(`${v4NavigationPath(link, keys)}/$ref`, {
      $id: `${root}/${v4KeyPath(link.to, keys.to)}`,
    }),
    headers: v4Headers,
  }),
};

/** `accounts(c5f2…)/optevia_account_sector` */
export function v4NavigationPath(link: LegacyLink, keys: LinkedKeys): string {
  return `${v4KeyPath(link.from, keys.from)}/${sendableNavigation(link)}`;
}

/** `$select` for a record's columns, unless all of them shall come. */
export function selectOption(
  records: RecordSpelling,
  entity: LegacyEntity,
  choices: RequestChoices & { readonly properties?: readonly LegacyProperty[] | undefined },
): QueryOptions {
  if (choices.allColumns === true) return {};
  const properties = choices.properties ?? entity.properties;
  return {
    $select: selectedColumns(entity, properties, (property) => records.column(property)),
  };
}

/** `accounts(c5f2…)`: a bare GUID. */
export function v4KeyPath(entity: Pick<LegacyEntity, 'entitySet'>, key: string): string {
  return `${entity.entitySet}(${sendableKey(entity, key)})`;
}
