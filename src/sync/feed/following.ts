import { createHash } from 'node:crypto';
import type { LegacyClient } from '../../../legacy-client';
import type { Field, Mapping } from '../../mapping';

/** How a model is followed, with what its migrator left open. */
export interface Following {
  /** How far before the last stamp changes are looked for again, in milliseconds. */
  readonly overlapMs: number;
  /** How old the last comparison of all keys may be, in milliseconds. */
  readonly sweepEveryMs: number;
}

const defaults: Following = { overlapMs: 300_000, sweepEveryMs: 600_000 };

/** How a model is followed; undefined when it is not. */
export function followingOf({ definition: { follow } }: Mapping): Following | undefined {
  if (follow === undefined || follow === false) return undefined;
  return follow === true ? defaults : { ...defaults, ...follow };
}

/** The service that a feed is of. */
export function sourceOf({ baseUrl, dialect }: LegacyClient): string {
  return `${dialect.name} ${baseUrl}`;
}

/**
 * What a mapping takes from each record, and what it makes of it: rows that were refreshed under
 * another one lack something.
 */
export function fingerprintOf(mapping: Mapping): string {
  const { entity, attributes } = mapping;
  const fields = attributes.map(({ attribute, column, property, target }) => [
    ...[attribute, column, property.name, property.kind, target?.name],
  ]);
  const { entitySet, key, modifiedOn, createdOn, properties, presence } = entity;
  const others = properties.map(({ name, kind }) => [name, kind]);
  const there = presence ? [[presence.property.name, presence.value]] : [];
  const taken = [entitySet, key, modifiedOn, createdOn, fields, others, ...there, ...made(mapping)];
  return createHash('sha256').update(JSON.stringify(taken)).digest('hex').slice(0, 32);
}

/**
 * What a mapping makes of values by itself. Of functions there is only their text: it does not tell
 * what they call, which is what `mappingVersion` is for.
 */
function made({ attributes, definition }: Mapping): unknown[] {
  const fields = definition.fields as Readonly<Record<string, Field | undefined>>;
  const conversions = attributes.flatMap(({ attribute }): unknown[] => {
    const field = fields[attribute];
    if (field?.options) return [[attribute, Object.entries(field.options).sort(byName)]];
    return field?.comparable === 'none' ? [[attribute, hookText(field)]] : [];
  });
  const { mappingVersion } = definition;
  return [
    ...conversions,
    ...('fromLegacy' in definition ? [hookText(definition)] : []),
    ...(mappingVersion === undefined ? [] : [{ mappingVersion }]),
  ];
}

function byName([one]: readonly [string, number], [other]: readonly [string, number]): number {
  return one < other ? -1 : 1;
}

function hookText(owner: object): string {
  return String((owner as { readonly fromLegacy?: unknown }).fromLegacy);
}
