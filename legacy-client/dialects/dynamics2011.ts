import type { LegacyProperty } from '../entity';
import type { Dialect, DialectCapabilities } from './dialect';
import { filterCapabilities } from './filter-capabilities';
import type { RecordSpelling } from './record-reading';
import { isWireObject } from './record-reading';
import type { PropertyWriting } from './change-writing';
import { changesState, setState } from './set-state';
import { v2Dialect } from './v2';
import { v2Json } from './v2-bodies';
import { v2Literal } from './v2-literals';

const defaults: DialectCapabilities = {
  ...filterCapabilities.dynamics2011,
  // NOTE: longer URLs are answered with 404, which must never be read as "no such record".
  maxUrlLength: 2048,
  etags: false,
  returnsUpdated: false,
  clientKeys: 'probe',
  idempotentCreate: false,
  skip: true,
  wholeSecondStamps: true,
  exactCount: false,
  changes: 'stamp',
  batch: false,
  maxBatch: 100,
  modifiedOn: 'ModifiedOn',
  createdOn: 'CreatedOn',
};

/** Lookups, option sets and money are objects: this is the member that holds the value. */
const innerMember: Partial<Record<LegacyProperty['kind'], 'Id' | 'Value'>> = {
  lookup: 'Id',
  optionSet: 'Value',
  money: 'Value',
};

function path({ name, kind }: LegacyProperty): string {
  const inner = innerMember[kind];
  return inner === undefined ? name : `${name}/${inner}`;
}

const records: RecordSpelling = {
  column: ({ name }) => name,
  unwrap: ({ kind }, wire) => {
    const inner = innerMember[kind];
    return inner !== undefined && isWireObject(wire) ? (wire[inner] ?? null) : wire;
  },
  version: () => undefined,
};

/** NOTE: null is written as an object whose every member is null; a bare null is not understood. */
const write: PropertyWriting = (property, value) => {
  const inner = innerMember[property.kind];
  const json = v2Json(property, value);
  if (inner === undefined) return { [property.name]: json };
  if (inner === 'Value') return { [property.name]: { Value: json } };
  const LogicalName = value === null ? null : property.target?.logicalName;
  return { [property.name]: { Id: json, LogicalName } };
};

const NOT_FOUND = '-2147220969';
const DUPLICATE_RECORD = '-2147220937';

/**
 * Speak to Microsoft Dynamics CRM 2011 to 2016: OData v2 at `…/XRMServices/2011/OrganizationData.svc`.
 *
 * @remarks Sources: MicrosoftDocs/powerapps-docs, do-not-use-odata-v2-endpoint.md; Dynamics CRM
 *   developer guide gg309461, gg309638, gg334391.
 */
export function dynamics2011(overrides: Partial<DialectCapabilities> = {}): Dialect {
  const parts = v2Dialect({
    name: 'dynamics2011',
    capabilities: { ...defaults, ...overrides },
    filters: { path, literal: v2Literal, contains: (name, text) => `substringof(${text},${name})` },
    records,
    write,
    headers: { Accept: 'application/json' },
  });
  return {
    ...parts,
    update: (entity, key, changes, choices) =>
      changesState(changes)
        ? setState(entity, key, changes)
        : parts.update(entity, key, changes, choices),
    count: () => undefined,
    decodeCount: () => undefined,
    classifyError: ({ code }) => {
      if (code === NOT_FOUND) return 'notFound';
      return code === DUPLICATE_RECORD ? 'conflict' : undefined;
    },
  };
}
