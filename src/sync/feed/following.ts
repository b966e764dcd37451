import { createHash } from 'node:crypto';
import type { LegacyClient } from '../../../legacy-client';
import type { Mapping } from '../../mapping';

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
 * What a mapping takes from each record: rows that were refreshed under another one lack something.
 */
export function fingerprintOf({ entity, attributes }: Mapping): string {
  const fields = attributes.map(({ attribute, column, property, target }) => [
    ...[attribute, column, property.name, property.kind, target?.name],
  ]);
  const { entitySet, key, modifiedOn, createdOn, properties, presence } = entity;
  const others = properties.map(({ name, kind }) => [name, kind]);
  const there = presence ? [[presence.property.name, presence.value]] : [];
  const taken = [entitySet, key, modifiedOn, createdOn, fields, others, ...there];
  return createHash('sha256').update(JSON.stringify(taken)).digest('hex').slice(0, 32);
}
