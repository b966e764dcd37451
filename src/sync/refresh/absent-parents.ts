import type { LegacyRecord } from '../../../legacy-client';
import { everyRecordOf, type Mapping } from '../../mapping';
import type { Runtime } from '../runtime';
import { isActive } from '../states';
import { fetchRecords, withKeys } from './fetch';

/** Records that others refer to. */
export interface ParentAnswer {
  readonly mapping: Mapping;
  readonly records: readonly LegacyRecord[];
  readonly askedAt: Date;
  /** They count as not there by their state. */
  readonly areAbsent?: boolean;
}

/**
 * Fetch records that others refer to. That a record refers to one that was made inactive is common in
 * the life of a CRM, and makes it no less readable.
 */
export async function parentAnswers(
  runtime: Runtime,
  mapping: Mapping,
  keys: readonly string[],
): Promise<ParentAnswer[]> {
  const { deactivation } = mapping;
  const filter = withKeys(mapping, keys);
  if (!deactivation) return [{ mapping, ...(await fetchRecords(runtime, mapping, { filter })) }];
  const askedAt = await runtime.clock.now();
  const found = await runtime.client.list(everyRecordOf(mapping), { filter });
  const records = found.filter(({ values }) => isActive(deactivation, values));
  const absent = found.filter((record) => !records.includes(record));
  const answers = [
    { mapping, records, askedAt },
    { mapping, records: absent, askedAt, areAbsent: true },
  ];
  return answers.filter((answer) => answer.records.length > 0);
}
