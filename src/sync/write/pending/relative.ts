import { QueryTypes } from 'sequelize';
import type { LegacyChanges, LegacyValue } from '../../../../legacy-client';
import type { SyncedWrite } from '../synced-write';

/** Values of one record, by property. */
interface Values {
  /** As they were to be sent. */
  readonly sent: LegacyChanges;
  /** On which increments were made. */
  readonly before: LegacyChanges;
  /** As the record has them now. */
  readonly now: LegacyChanges;
}

/**
 * Make increments again, on the values that the record has now. PostgreSQL works it out, exactly; what
 * has no value stays without one, as in SQL.
 */
export async function increased(
  { place }: SyncedWrite,
  names: readonly string[],
  { sent, before, now }: Values,
): Promise<LegacyChanges> {
  if (names.length === 0) return {};
  const rows = names.map((name) => ({
    name,
    ...{ sent: text(sent[name]), before: text(before[name]), now: text(now[name]) },
  }));
  const results = await place.sequelize.query<{ name: string; value: string | null }>(
    `SELECT name, (now + (sent - before))::text AS value
       FROM jsonb_to_recordset($1::jsonb) AS v(name text, sent numeric, before numeric, now numeric)`,
    { bind: [JSON.stringify(rows)], type: QueryTypes.SELECT, transaction: place.transaction },
  );
  return Object.fromEntries(
    results.map(({ name, value }): [string, LegacyValue] => [
      name,
      value !== null && typeof sent[name] === 'number' ? Number(value) : value,
    ]),
  );
}

function text(value: LegacyValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
