import { QueryTypes } from 'sequelize';
import type { Mapping } from '../mapping';
import { commitOrRollBack } from '../sync/commit-or-roll-back';
import { localTable } from '../sync/local-table';
import { keysWithOpenIntents } from '../sync/open-intents';
import { fetchRecords, withKeys } from '../sync/refresh/fetch';
import type { Runtime } from '../sync/runtime';
import { candidateKind, compareRecords, type ComparedRow } from './compare-batch';
import { noteFindings, type Finding } from './findings';

/**
 * How two sides differ.
 *
 * `notHere`: a record without a row. `notThere`: a row without a record; without a legacy key, one
 * that was never sent. `fields`: mapped attributes differ. `ahead`: they do, or the row has a later
 * stamp, because of local changes. `stamps`: only the stamps of the CRM differ. `rejected`: the local
 * table cannot take the record.
 */
export type DifferenceKind = 'notHere' | 'notThere' | 'fields' | 'ahead' | 'stamps' | 'rejected';

/** Candidates that are looked at together. */
const batchSize = 500;

/** Note the rows of which no record came. */
export async function noteUnseen(runtime: Runtime, load: string, mapping: Mapping): Promise<void> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  await runtime.pool.query(
    `
INSERT INTO dual_write_load_findings (load, model, kind, legacy_id, local_id)
SELECT $1, $2, CASE WHEN t.${t.legacyId} IS NULL THEN 'notThere' ELSE $3 END, t.${t.legacyId},
       t.${t.primaryKey}::text
  FROM ${name} t
 WHERE ${t.deletedAt ? `t.${t.deletedAt} IS NULL AND` : ''} NOT EXISTS (
   SELECT FROM dual_write_load_keys k
    WHERE k.load = $1 AND k.model = $2 AND k.legacy_id = t.${t.legacyId})
   AND NOT EXISTS (SELECT FROM dual_write_load_findings f
    WHERE f.load = $1 AND f.model = $2 AND f.local_id = t.${t.primaryKey}::text)`,
    { bind: [load, mapping.name, candidateKind], transaction: null },
  );
}

/**
 * Ask again for what seemed to differ, by key: while everything was read, people went on working. What
 * differs still is noted; what a write under way concerns is not.
 */
export async function lookAgain(
  runtime: Runtime,
  load: string,
  { mapping, withValues }: { readonly mapping: Mapping; readonly withValues: boolean },
): Promise<void> {
  for (;;) {
    const candidates = await candidatesOf(runtime, load, mapping.name);
    const keys = [...new Set(candidates.map(({ key }) => key))];
    if (keys.length === 0) return;
    const { records } = await fetchRecords(runtime, mapping, {
      filter: withKeys(mapping, keys),
    });
    const transaction = await runtime.pool.transaction({ transaction: null });
    await commitOrRollBack(transaction, async () => {
      const compared = await compareRecords(runtime, transaction, { mapping, records });
      const open = await keysWithOpenIntents(runtime, keys);
      const came = new Set(records.map(({ key }) => key));
      const findings = [
        ...compared.differing.map((row) => differenceOf(mapping, row, withValues)),
        ...compared.rejected.map(({ legacyId, reason }) => ({
          ...{ model: mapping.name, kind: 'rejected', legacyId, localId: null, detail: { reason } },
        })),
        ...(await rowsWithout(
          runtime,
          mapping,
          keys.filter((key) => !came.has(key)),
        )),
      ];
      const settled = findings.filter(({ legacyId }) => !open.has(legacyId ?? ''));
      await noteFindings(runtime, load, { findings: settled, transaction });
      await runtime.pool.query(
        'DELETE FROM dual_write_load_findings WHERE id = ANY ($1::bigint[])',
        { bind: [candidates.map(({ id }) => id)], transaction },
      );
    });
  }
}

async function candidatesOf(
  runtime: Runtime,
  load: string,
  model: string,
): Promise<{ readonly id: string; readonly key: string }[]> {
  return runtime.pool.query(
    `SELECT id::text AS id, legacy_id::text AS key FROM dual_write_load_findings
      WHERE load = $1 AND model = $2 AND kind = $3 ORDER BY id LIMIT ${batchSize}`,
    { bind: [load, model, candidateKind], type: QueryTypes.SELECT, transaction: null },
  );
}

async function rowsWithout(
  runtime: Runtime,
  mapping: Mapping,
  keys: readonly string[],
): Promise<Finding[]> {
  const { name, columns: t } = await localTable(runtime.pool, mapping);
  const rows = await runtime.pool.query<{ id: string; key: string }>(
    `SELECT t.${t.primaryKey}::text AS id, t.${t.legacyId}::text AS key FROM ${name} t
      WHERE t.${t.legacyId} = ANY ($1::uuid[]) ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''}
        -- A row that stays hidden, because others refer to it, is as it should be.
        AND NOT ($3 AND EXISTS (SELECT FROM dual_write_known k
             WHERE k.model = $2 AND k.legacy_id = t.${t.legacyId} AND k.gone))`,
    {
      bind: [keys, mapping.name, mapping.deactivation !== undefined],
      type: QueryTypes.SELECT,
      transaction: null,
    },
  );
  return rows.map(({ id, key }) => ({
    ...{ model: mapping.name, kind: 'notThere', legacyId: key, localId: id, detail: {} },
  }));
}

function differenceOf({ name }: Mapping, row: ComparedRow, withValues: boolean): Finding {
  const { key, id, fields, isAhead, values } = row;
  const kind =
    id === null ? 'notHere' : isAhead ? 'ahead' : fields.length > 0 ? 'fields' : 'stamps';
  return {
    ...{ model: name, kind, legacyId: key, localId: id },
    detail: { ...(id !== null && { fields }), ...(withValues && id !== null && { values }) },
  };
}
