import type { Dialect, DialectCapabilities } from './dialect';
import { readCount } from './count-reading';
import { filterCapabilities } from './filter-capabilities';
import { printFilter, type FilterSpelling } from './filter-printing';
import { withOptions } from './query-options';
import { isWireObject, type RecordSpelling } from './record-reading';
import { v2Dialect } from './v2';
import { v2Json } from './v2-bodies';
import { v2Literal } from './v2-literals';
import { nextInstant, typedProperties } from './wire-types';

const defaults: DialectCapabilities = {
  ...filterCapabilities.odata2,
  maxUrlLength: 2048,
  // NOTE: servers on Node read a part with its HTTP parser, which takes heads of 16 KiB.
  maxBatchUrlLength: 15_000,
  etags: true,
  returnsUpdated: false,
  clientKeys: 'probe',
  idempotentCreate: false,
  skip: true,
  wholeSecondStamps: false,
  exactCount: true,
  vagueNotFound: true,
  changes: 'stamp',
  batch: true,
  maxBatch: 100,
};

const spelling: FilterSpelling = {
  path: ({ name }) => name,
  literal: v2Literal,
  next: nextInstant,
  contains: (path, text) => `substringof(${text},${path})`,
  datePart: (part, path) => `${part}(${path})`,
  lowerCase: (path) => `tolower(${path})`,
};

const records: RecordSpelling = {
  column: ({ name }) => name,
  version: ({ __metadata: metadata }) => (isWireObject(metadata) ? metadata.etag : undefined),
};

const headers = {
  Accept: 'application/json',
  DataServiceVersion: '2.0',
  MaxDataServiceVersion: '2.0',
};

/**
 * Speak to any server of OData v2. Lookups, option sets and money are plain properties.
 *
 * @remarks Source: OData v2 operations, URI conventions, JSON format.
 */
export function odata2(overrides: Partial<DialectCapabilities> = {}): Dialect {
  const capabilities = { ...defaults, ...overrides };
  const typed = typedProperties(capabilities);
  const filters: FilterSpelling = {
    ...spelling,
    literal: (property, value) => v2Literal(typed(property), value),
  };
  const parts = v2Dialect({
    name: 'odata2',
    capabilities,
    filters,
    records,
    write: (property, value) => ({ [property.name]: v2Json(typed(property), value) }),
    headers,
  });
  return {
    ...parts,
    count: (entity, filter) => {
      if (!capabilities.exactCount) return undefined;
      return {
        method: 'GET',
        path: withOptions(`${entity.entitySet}/$count`, {
          $filter: filter === undefined ? undefined : printFilter(filters, filter),
        }),
        headers: { ...headers, Accept: 'text/plain, application/json;q=0.5' },
      };
    },
    decodeCount: readCount,
    classifyError: ({ status }) => (status === 404 ? 'notFound' : undefined),
  };
}
