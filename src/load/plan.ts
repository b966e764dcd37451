import {
  LegacyLoginError,
  LegacyResponseError,
  type LegacyFilter,
  type LegacyProperty,
} from '../../legacy-client';
import type { Mapping } from '../mapping';
import type { Runtime } from '../sync/runtime';
import { levelsOf } from './order';

/** Records of one model that are read as one stream of pages. */
export interface PlannedPart {
  readonly model: string;
  readonly part: number;
  /** Parts of a level are read at once, when all those of the level before are done. */
  readonly level: number;
  /** By the time of creation: from here, to before there; null where it is open. */
  readonly createdFrom: Date | null;
  readonly createdTo: Date | null;
  /** Of the whole model, where the service can count; only with the first part. */
  readonly total: number | null;
}

/** How a model may be divided. */
export interface Division {
  /** Into how many parts at most. */
  readonly parts: number;
  /** Records that a model must have to be divided. */
  readonly fromRecords: number;
}

/**
 * Plan the parts of a load.
 *
 * NOTE: parts are ranges of the time of creation, which never changes and which every service orders
 * alike. They are not ranges of keys: SQL Server compares GUIDs in another order than their texts,
 * and Dynamics 2011 does not say what `gt` means for them. Within a part the service's own next
 * links lead on, which go by key or by a cookie of its own.
 */
export async function planParts(
  runtime: Runtime,
  mappings: readonly Mapping[],
  division: Division,
): Promise<PlannedPart[]> {
  const parts: PlannedPart[] = [];
  for (const [level, ofLevel] of levelsOf(mappings).entries()) {
    for (const mapping of ofLevel)
      parts.push(...(await partsOf(runtime, mapping, division, level)));
  }
  return parts;
}

async function partsOf(
  runtime: Runtime,
  mapping: Mapping,
  division: Division,
  level: number,
): Promise<PlannedPart[]> {
  const total = await countOf(runtime, mapping);
  const model = mapping.name;
  const isLarge = total === null || total >= division.fromRecords;
  const ends = division.parts > 1 && isLarge ? await boundsOf(runtime, mapping, division) : [];
  return [null, ...ends].map((createdFrom, part) => ({
    ...{ model, part, level, createdFrom },
    createdTo: ends[part] ?? null,
    total: part === 0 ? total : null,
  }));
}

/** For progress only: where the service refuses to count, reading tells what is wrong, if anything is. */
async function countOf({ client }: Runtime, { entity }: Mapping): Promise<number | null> {
  try {
    return (await client.count(entity)) ?? null;
  } catch (error) {
    if (error instanceof LegacyResponseError && !(error instanceof LegacyLoginError)) return null;
    throw error;
  }
}

/** The times between the parts; none where everything was created at once. */
async function boundsOf(runtime: Runtime, mapping: Mapping, { parts }: Division): Promise<Date[]> {
  const first = await createdAtEnd(runtime, mapping, 'asc');
  const last = await createdAtEnd(runtime, mapping, 'desc');
  if (!first || !last) return [];
  const from = Math.ceil(first.getTime() / 1000);
  const step = Math.floor((Math.floor(last.getTime() / 1000) - from) / parts);
  if (step < 1) return [];
  // NOTE: whole seconds: Dynamics 2011 keeps no others.
  return Array.from({ length: parts - 1 }, (_, at) => new Date((from + step * (at + 1)) * 1000));
}

async function createdAtEnd(
  { client }: Runtime,
  { entity }: Mapping,
  direction: 'asc' | 'desc',
): Promise<Date | undefined> {
  if (entity.createdOn === undefined) return undefined;
  const property = createdOn(entity.createdOn);
  const query = { orderBy: [{ property, direction }], top: 1 } as const;
  const [record] = await client.list({ ...entity, properties: [] }, query);
  return record?.createdOn ?? undefined;
}

function createdOn(name: string): LegacyProperty {
  return { name, kind: 'dateTime' };
}

/** The records of a part, as a filter; undefined for all. */
export function filterOf(
  { entity }: Mapping,
  { createdFrom, createdTo }: Pick<PlannedPart, 'createdFrom' | 'createdTo'>,
): LegacyFilter | undefined {
  const property = createdOn(entity.createdOn ?? '');
  const from: LegacyFilter | null = createdFrom && { op: 'ge', property, value: createdFrom };
  const before: LegacyFilter | null = createdTo && { op: 'lt', property, value: createdTo };
  if (from && before) return { op: 'and', filters: [from, before] };
  if (from) return from;
  // The first part has what has no such time, too.
  const never: LegacyFilter = { op: 'eq', property, value: null };
  return before ? { op: 'or', filters: [before, never] } : undefined;
}
