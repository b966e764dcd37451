import { QueryTypes } from 'sequelize';
import type { LegacyChanges, LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import {
  isAlive,
  isOpen,
  keysOfOpenLinks,
  keysWithOpenIntents,
  notedValues,
  type NotedValues,
} from '../open-intents';
import type { Runtime } from '../runtime';
import { resembles } from '../write/images';
import type { Difference } from './compare';
import { recordIfThere } from './fetch';
import type { RefreshTable } from './input-sql';
import type { RefreshScope } from './scope';

/** Rows that were compared. */
export interface Compared {
  readonly isOwnWrite: boolean;
  readonly differences: readonly Difference[];
}

/** Leave out the records that somebody else's open write concerns. */
export async function withoutOpenWrites(
  { runtime, ownKeys, left }: RefreshScope,
  { mapping }: RefreshTable,
  { isOwnWrite, differences }: Compared,
): Promise<readonly Difference[]> {
  if (isOwnWrite) return differences;
  const rows = differences.map(({ row }) => row).filter(({ key }) => !ownKeys.has(key));
  const open = await keysWithOpenIntents(
    runtime,
    rows.map(({ key }) => key),
  );
  for (const key of await keysOfOpenLinks(runtime, mapping, rows)) open.add(key);
  const fresh = differences.filter(({ id, row }) => id === null && !ownKeys.has(row.key));
  const records = fresh.map(({ row }) => row.record);
  for (const key of await keysOfOpenCreates(runtime, mapping, records)) open.add(key);
  for (const key of open) left.add(key);
  return differences.filter(({ row }) => !open.has(row.key));
}

/** How far the service's clock may be behind the database's, in milliseconds. */
const skewMs = 300_000;

interface OpenCreate {
  /** What the writer wishes its key to be; null where the service chooses. */
  readonly key: string | null;
  readonly sent: LegacyChanges;
  readonly notedAt: Date;
}

/**
 * Of records that are not here, the ones that a write under way makes, by legacy key: where the
 * service chooses keys, the writer does not know the key before it is answered, and notes it then.
 *
 * Until that a record is taken for the writer's when it is not older than the write, and holds what
 * was sent.
 */
export async function keysOfOpenCreates(
  runtime: Runtime,
  mapping: Mapping,
  records: readonly LegacyRecord[],
): Promise<readonly string[]> {
  if (records.length === 0 || mapping.link || runtime.client.dialect.clientKeys === 'yes')
    return [];
  const keys: string[] = [];
  const open = await openCreates(runtime, mapping);
  for (const record of open.length === 0 ? [] : records) {
    const alike = open.filter((create) => mayBe(mapping, create, record));
    if (await isSomeOfThem(runtime, mapping, alike, record)) keys.push(record.key);
  }
  return keys;
}

async function openCreates(runtime: Runtime, mapping: Mapping): Promise<OpenCreate[]> {
  const rows = await runtime.pool.query<{
    key: string | null;
    sent: NotedValues;
    noted_at: Date;
  }>(
    `
SELECT i.legacy_id::text AS key, i.sent, i.noted_at FROM dual_write_intents i
 WHERE i.model = $1 AND i.operation = 'create' AND ${isOpen} AND ${isAlive}`,
    { bind: [mapping.name], type: QueryTypes.SELECT, transaction: null },
  );
  return rows.map(({ key, sent, noted_at }) => ({
    key,
    sent: notedValues(mapping, sent),
    notedAt: noted_at,
  }));
}

function mayBe(
  mapping: Mapping,
  { key, sent, notedAt }: OpenCreate,
  record: LegacyRecord,
): boolean {
  if (key === record.key) return true;
  const { createdOn } = record;
  if (createdOn !== null && createdOn.getTime() < notedAt.getTime() - skewMs) return false;
  const kinds = new Map(mapping.entity.properties.map(({ name, kind }) => [name, kind]));
  return Object.entries(sent).every(([name, value]) =>
    resembles(record.values[name] ?? null, value, kinds.get(name) ?? 'string'),
  );
}

/** A write whose own key the service has taken is another record's. */
async function isSomeOfThem(
  runtime: Runtime,
  mapping: Mapping,
  creates: readonly OpenCreate[],
  record: LegacyRecord,
): Promise<boolean> {
  for (const { key } of creates) {
    if (key === null || key === record.key) return true;
    if (!(await recordIfThere(runtime, mapping, key))) return true;
  }
  return false;
}
