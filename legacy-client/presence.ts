import type { LegacyEntity, LegacyRecord, LegacyValue } from './entity';
import { LegacyNotFoundError } from './errors';
import type { LegacyFilter } from './query';
import { redactedUrl } from './urls';

/** The same entity with all of its records. */
export function withAbsent<Entity extends LegacyEntity>(entity: Entity): Entity {
  return { ...entity, presence: undefined };
}

/** A filter that leaves out what counts as not there; undefined where nothing is left out. */
export function presentOnly(
  { presence }: LegacyEntity,
  filter: LegacyFilter | undefined,
): LegacyFilter | undefined {
  if (presence === undefined) return filter;
  const { property, value } = presence;
  const isThere = { op: 'eq', property, value } as const;
  return filter === undefined ? isThere : { op: 'and', filters: [isThere, filter] };
}

/** Whether a record counts as one that is there. */
export function isPresent(
  { presence }: LegacyEntity,
  { values, unreadable }: LegacyRecord,
): boolean {
  if (presence === undefined) return true;
  const value = values[presence.property.name];
  // Nobody knows, so it is not said to be gone.
  if (value === undefined && unreadable !== undefined) return true;
  return comparable(value ?? null) === comparable(presence.value);
}

/** NOTE: Dynamics compares texts without case, and the answer to a filter must not say otherwise. */
function comparable(value: LegacyValue): LegacyValue {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/**
 * A record that has come, where it counts as one that is there.
 *
 * @throws LegacyNotFoundError otherwise.
 */
export function presentRecord(
  entity: LegacyEntity,
  record: LegacyRecord,
  { method, url }: { readonly method: string; readonly url: string },
): LegacyRecord {
  if (isPresent(entity, record)) return record;
  throw new LegacyNotFoundError(
    'The record counts as not there, by its state',
    { status: 200, code: '', body: '', answered: true },
    { method, url: redactedUrl(url), outcome: 'refused' },
  );
}
