import type {
  BatchOperation,
  LegacyChanges,
  LegacyClient,
  LegacyRecord,
  LinkedKeys,
} from '../../../legacy-client';
import type { Mapping, MappedLink } from '../../mapping';
import type { Runtime } from '../runtime';
import { inactiveState } from '../states';

/** The keys of the two records that the values of a link name; by property, as for any record. */
export function linkedKeys({ from, to }: MappedLink, values: LegacyChanges): LinkedKeys {
  const keyIn = (name: string): string => String(values[name]).toLowerCase();
  return { from: keyIn(from.property.name), to: keyIn(to.property.name) };
}

/** Names a link by the records at both ends. */
export function linkName(link: MappedLink, values: LegacyChanges): string {
  const { from, to } = linkedKeys(link, values);
  return `${from} ${to}`;
}

/**
 * The links between these pairs of records, by {@link linkName}; those that are not there are left
 * out. What the service answers may hold links between others of the records.
 */
export async function findLinks(
  { client }: Runtime,
  { entity, link }: Mapping,
  pairs: readonly LegacyChanges[],
): Promise<Map<string, LegacyRecord>> {
  if (!link || pairs.length === 0) return new Map();
  const ends = [link.from, link.to].map(({ property }) => ({
    op: 'in' as const,
    property,
    values: [...new Set(pairs.map((pair) => pair[property.name] ?? null))],
  }));
  const records = await client.list(entity, { filter: { op: 'and', filters: ends } });
  return new Map(records.map((record) => [linkName(link, record.values), record]));
}

/** A record, or a link, that is to be taken away. */
export interface Removable {
  readonly mapping: Mapping;
  readonly key: string;
  /** Of a link the keys at both ends. */
  readonly values: LegacyChanges;
}

/**
 * Take a record away as a destroy does: delete it, or make it inactive; of a link, take it away between
 * its two records.
 *
 * @throws LegacyError
 */
export async function removeRecord(
  client: LegacyClient,
  removable: Removable,
  condition: { readonly ifMatch?: string } = {},
): Promise<void> {
  const { mapping, key } = removable;
  const { deactivation, entity } = mapping;
  if (!deactivation) return withdrawRecord(client, removable, condition);
  await client.update(entity, key, inactiveState(deactivation), condition);
}

/**
 * Take back a record, or a link, that has just been created.
 *
 * @throws LegacyError
 */
export async function withdrawRecord(
  client: LegacyClient,
  { mapping: { entity, link }, key, values }: Removable,
  condition: { readonly ifMatch?: string } = {},
): Promise<void> {
  if (link) await client.disassociate(link.relationship, linkedKeys(link, values));
  else await client.delete(entity, key, condition);
}

/** {@link removeRecord} as a part of a changeset. */
export function removalOf(
  { mapping, key, values }: Removable,
  condition: { readonly ifMatch?: string } = {},
): BatchOperation {
  const { entity, link, deactivation } = mapping;
  if (link) return { kind: 'disassociate', link: link.relationship, ...linkedKeys(link, values) };
  if (!deactivation) return { kind: 'delete', entity, key };
  return { kind: 'update', entity, key, changes: inactiveState(deactivation), ...condition };
}
