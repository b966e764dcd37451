import type { LegacyEntity, LegacyProperty } from '../entity';
import type { LegacyQuery } from '../query';
import { type PropertyWriting, writeChanges } from './change-writing';
import { readCount } from './count-reading';
import type { Dialect, DialectCapabilities } from './dialect';
import { filterCapabilities } from './filter-capabilities';
import type { FilterSpelling } from './filter-printing';
import { UnsendableError } from './problems';
import { sendableKey, withOptions } from './query-options';
import type { RecordSpelling } from './record-reading';
import {
  selectOption,
  v4Dialect,
  v4Headers,
  v4KeyPath,
  v4NavigationPath,
  v4WriteHeaders,
} from './v4';
import { v4Version } from './v4-answers';
import { v4Json } from './v4-bodies';
import { v4Literal } from './v4-literals';

const defaults: DialectCapabilities = {
  ...filterCapabilities.dataverse,
  maxUrlLength: 32_768,
  maxBatchUrlLength: 65_536,
  etags: true,
  returnsUpdated: true,
  clientKeys: 'yes',
  idempotentCreate: true,
  skip: false,
  wholeSecondStamps: true,
  exactCount: false,
  changes: 'delta',
  batch: true,
  // NOTE: the service takes 1,000 requests; but each locks its rows until the changeset is through.
  maxBatch: 1000,
  modifiedOn: 'modifiedon',
  createdOn: 'createdon',
};

/** The largest page, and where counting stops. */
const CEILING = 5000;

/** Kinds whose values the `In` function compares as the strings that it takes. */
const SET_KINDS = new Set<LegacyProperty['kind']>(['string', 'guid', 'integer', 'optionSet']);

function path({ name, kind }: LegacyProperty): string {
  return kind === 'lookup' ? `_${name.toLowerCase()}_value` : name;
}

const filters: FilterSpelling = {
  path,
  literal: v4Literal,
  contains: (name, text) => `contains(${name},${text})`,
  // A bracket opens a set, so a wildcard alone in brackets stands for itself.
  plain: (text) => text.replace(/[%_[]/g, '[$&]'),
  in: ({ name, kind }, values) => {
    if (!SET_KINDS.has(kind)) return undefined;
    // NOTE: members of an array parameter are quoted like JSON strings, not like OData ones.
    const members = values.map((value) => JSON.stringify(String(value))).join(',');
    return `Microsoft.Dynamics.CRM.In(PropertyName='${name}',PropertyValues=[${members}])`;
  },
};

const records: RecordSpelling = { column: path, version: v4Version };

const write: PropertyWriting = (property, value) => {
  if (property.kind !== 'lookup') return { [property.name]: v4Json(property, value) };
  const bind = `${property.name}@odata.bind`;
  if (value === null) return { [bind]: null };
  if (property.target === undefined) {
    throw new UnsendableError(`the lookup ${property.name} needs a target to be written`);
  }
  return { [bind]: `/${property.target.entitySet}(${String(value)})` };
};

/**
 * Speak to Microsoft Dataverse: OData v4 at `…/api/data/v9.2`.
 *
 * @remarks Source: MicrosoftDocs/powerapps-docs, developer/data-platform/webapi. A create with a
 *   key is `PATCH` with `If-None-Match: *`, an update has `If-Match`, so that neither does the
 *   other's work.
 */
export function dataverse(overrides: Partial<DialectCapabilities> = {}): Dialect {
  const parts = v4Dialect({
    name: 'dataverse',
    capabilities: { ...defaults, ...overrides },
    filters,
    records,
    write,
  });
  return {
    ...parts,
    ...dataverseReads(parts),
    ...dataverseWrites,
    disassociate: (link, keys) => ({
      method: 'DELETE',
      path: `${v4NavigationPath(link, keys)}(${sendableKey(link.to, keys.to)})/$ref`,
      headers: v4Headers,
    }),
    batchHeaders: { ...parts.batchHeaders, Accept: 'application/json', ...fresh },
    partAddress: (root, path) => `${new URL(root).pathname.replace(/\/$/, '')}/${path}`,
    decodeCount: (body) => {
      const count = readCount(body);
      return count < CEILING ? count : undefined;
    },
    classifyError: ({ code }) => errorClasses[code.toLowerCase()],
  };
}

const errorClasses: Readonly<Record<string, 'notFound' | 'conflict' | undefined>> = {
  '0x80040217': 'notFound',
  '0x80040237': 'conflict',
  '0x80060882': 'conflict',
};

/** Gets past caches. */
const fresh = { 'If-None-Match': 'null' };

function dataverseReads(parts: Pick<Dialect, 'list' | 'get'>): Pick<Dialect, 'list' | 'get'> {
  return {
    list: (entity, query, { pageSize = CEILING, ...choices } = {}) => {
      if (query.skip !== undefined && query.skip > 0) {
        throw new UnsendableError('Dataverse has no $skip: follow the pages instead');
      }
      // NOTE: $top is ignored beside a page size, so only one of them is sent; the client cuts.
      const fitsOnePage = query.top !== undefined && query.top <= pageSize;
      const sent = ordered(entity, fitsOnePage ? query : { ...query, top: undefined });
      const paging = fitsOnePage ? choices : { ...choices, pageSize };
      const request = parts.list(entity, sent, paging);
      return { ...request, headers: { ...request.headers, ...fresh } };
    },
    get: (entity, key, choices) => {
      const request = parts.get(entity, key, choices);
      return { ...request, headers: { ...request.headers, ...fresh } };
    },
  };
}

/** NOTE: pages of an order that is not unique may repeat and omit rows, so the key ends it. */
function ordered(entity: LegacyEntity, query: LegacyQuery): LegacyQuery {
  const { orderBy = [] } = query;
  if (orderBy.length === 0 || orderBy.some(({ property }) => property.name === entity.key)) {
    return query;
  }
  const byKey = { property: { name: entity.key, kind: 'guid' }, direction: 'asc' } as const;
  return { ...query, orderBy: [...orderBy, byKey] };
}

const returning = { ...v4WriteHeaders, Prefer: 'return=representation' };

const dataverseWrites: Pick<Dialect, 'create' | 'update'> = {
  create: (entity, values, { key, ...choices } = {}) => {
    const create = { headers: returning, body: writeChanges(entity, values, write) };
    const select = selectOption(records, entity, choices);
    if (key === undefined) {
      return { ...create, method: 'POST', path: withOptions(entity.entitySet, select) };
    }
    return {
      ...create,
      method: 'PATCH',
      path: withOptions(v4KeyPath(entity, key), select),
      headers: { ...returning, 'If-None-Match': '*' },
    };
  },
  update: (entity, key, changes, { ifMatch = '*', ...choices } = {}) => ({
    method: 'PATCH',
    path: withOptions(v4KeyPath(entity, key), selectOption(records, entity, choices)),
    headers: { ...returning, 'If-Match': ifMatch },
    body: writeChanges(entity, changes, write),
  }),
};
