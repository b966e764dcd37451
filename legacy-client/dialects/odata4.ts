import { readCount } from './count-reading';
import type { Dialect, DialectCapabilities } from './dialect';
import { v4Dialect } from './v4';
import { v4Version } from './v4-answers';
import { v4Json } from './v4-bodies';
import { v4Literal } from './v4-literals';

const defaults: DialectCapabilities = {
  maxUrlLength: 2048,
  etags: true,
  returnsUpdated: false,
  clientKeys: 'probe',
  idempotentCreate: false,
  dateParts: true,
  skip: true,
  caseInsensitiveStrings: false,
  stringWildcards: false,
  emptyStringIsNull: false,
  wholeSecondStamps: false,
  exactCount: true,
  changes: 'none',
  batch: true,
  maxBatch: 100,
};

/**
 * Speak to any server of OData v4. Lookups, option sets and money are plain properties.
 *
 * @remarks Source: OASIS OData 4.0 part 1 (protocol), part 2 (URL conventions), JSON format.
 */
export function odata4(overrides: Partial<DialectCapabilities> = {}): Dialect {
  const parts = v4Dialect({
    name: 'odata4',
    capabilities: { ...defaults, ...overrides },
    filters: {
      path: ({ name }) => name,
      literal: v4Literal,
      contains: (path, text) => `contains(${path},${text})`,
      datePart: (part, path) => `${part}(${path})`,
    },
    records: { column: ({ name }) => name, version: v4Version },
    write: (property, value) => ({ [property.name]: v4Json(property, value) }),
  });
  return {
    ...parts,
    decodeCount: readCount,
    classifyError: ({ status }) => (status === 404 ? 'notFound' : undefined),
  };
}
