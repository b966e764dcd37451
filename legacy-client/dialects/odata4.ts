import { readCount } from './count-reading';
import type { Dialect, DialectCapabilities, DialectRequest } from './dialect';
import type { FilterSpelling } from './filter-printing';
import { filterCapabilities } from './filter-capabilities';
import { v4Dialect } from './v4';
import { v4Version } from './v4-answers';
import { v4Json } from './v4-bodies';
import { v4Literal } from './v4-literals';
import { nextInstant, typedProperties } from './wire-types';

const defaults: DialectCapabilities = {
  ...filterCapabilities.odata4,
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
  changes: 'none',
  batch: true,
  maxBatch: 100,
};

/** NOTE: an instant is a range here, so `or` has to do for those. */
function setOperator(literal: FilterSpelling['literal']): NonNullable<FilterSpelling['in']> {
  return (property, values) => {
    if (property.kind === 'dateTime') return undefined;
    return `${property.name} in (${values.map((value) => literal(property, value)).join(',')})`;
  };
}

/** An update of a record that is gone must not create it: OData v4 would. */
const ANY_VERSION = '*';

const returning = { Prefer: 'return=representation' };

/**
 * Speak to any server of OData v4. Lookups, option sets and money are plain properties.
 *
 * @remarks Source: OASIS OData 4.0 part 1 (protocol), part 2 (URL conventions), JSON format.
 */
export function odata4(overrides: Partial<DialectCapabilities> = {}): Dialect {
  const capabilities = { ...defaults, ...overrides };
  const typed = typedProperties(capabilities);
  const literal: FilterSpelling['literal'] = (property, value) => v4Literal(typed(property), value);
  const parts = v4Dialect({
    name: 'odata4',
    capabilities,
    filters: {
      path: ({ name }) => name,
      literal,
      next: nextInstant,
      ...(capabilities.inOperator === true && { in: setOperator(literal) }),
      contains: (path, text) => `contains(${path},${text})`,
      datePart: (part, path) => `${part}(${path})`,
      lowerCase: (path) => `tolower(${path})`,
    },
    records: { column: ({ name }) => name, version: v4Version },
    write: (property, value) => ({ [property.name]: v4Json(property, value) }),
  });
  return {
    ...parts,
    create: (...of) => withHeaders(parts.create(...of), returning),
    update: (entity, key, changes, { ifMatch, ...choices } = {}) => {
      const condition = ifMatch ?? (capabilities.etags ? ANY_VERSION : undefined);
      const given = condition === undefined ? choices : { ...choices, ifMatch: condition };
      return withHeaders(parts.update(entity, key, changes, given), returning);
    },
    count: (entity, filter) => (capabilities.exactCount ? parts.count(entity, filter) : undefined),
    decodeCount: readCount,
    classifyError: ({ status }) => (status === 404 ? 'notFound' : undefined),
  };
}

function withHeaders(
  request: DialectRequest,
  headers: Readonly<Record<string, string>>,
): DialectRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}
