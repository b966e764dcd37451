import { QueryTypes } from 'sequelize';
import type { MappedAttribute, Mapping } from '../mapping';
import { updatedVersionsWithin } from '../revisions';
import { localTable, quote } from '../sync/local-table';
import { fetchAwaited } from '../sync/refresh/apply';
import { linkDeferred } from '../sync/refresh/parents';
import { refreshScope } from '../sync/refresh/scope';
import type { Runtime } from '../sync/runtime';
import { noteFindings, rejectedFindings } from './findings';
import { loadComment } from './load-comment';

/** A lookup of one model. */
interface Lookup {
  readonly mapping: Mapping;
  readonly attribute: MappedAttribute;
  readonly target: Mapping;
}

/** Lookups that one statement sets, or parents that are asked for at once. */
const batchSize = 2000;
const fetchSize = 500;

/**
 * Set the lookups whose targets had not come when their rows were stored. Targets that were not part
 * of the load are fetched; what the legacy system does not show either is rejected.
 */
export async function linkWhatCame(
  runtime: Runtime,
  load: string,
  mappings: readonly Mapping[],
): Promise<void> {
  const lookups = mappings.flatMap((mapping) =>
    mapping.attributes.flatMap((attribute): Lookup[] =>
      attribute.target ? [{ mapping, attribute, target: attribute.target }] : [],
    ),
  );
  for (const lookup of lookups) await linkFound(runtime, load, lookup);
  for (const lookup of lookups) {
    await fetchTargets(runtime, load, lookup);
    await linkFound(runtime, load, lookup);
    await rejectDangling(runtime, load, lookup);
  }
}

/** NOTE: a row that somebody has refreshed or changed since has the right lookup already. */
async function linkFound(runtime: Runtime, load: string, lookup: Lookup): Promise<void> {
  const { mapping, attribute, target } = lookup;
  const [own, other] = [
    await localTable(runtime.pool, mapping),
    await localTable(runtime.pool, target),
  ];
  const [t, p] = [own.columns, other.columns];
  const column = quote(attribute.column);
  for (;;) {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const ofLookup =
      `l.load = ${bind(load)}::uuid AND l.model = ${bind(mapping.name)} ` +
      `AND l.column_name = ${bind(attribute.column)}`;
    const versions = updatedVersionsWithin(mapping.model, 'linked', {
      ...{ id: load, comment: loadComment, bind },
    });
    const [row] = await runtime.pool.query<{ spent: number }>(
      `
WITH batch AS MATERIALIZED (
  SELECT l.legacy_id, l.stamp, p.${p.primaryKey} AS parent
    FROM dual_write_load_links l JOIN ${other.name} p ON p.${p.legacyId} = l.target
   WHERE ${ofLookup}
   ORDER BY l.legacy_id LIMIT ${batchSize}
), spent AS (
  DELETE FROM dual_write_load_links l USING batch b
   WHERE ${ofLookup}
     AND l.legacy_id = b.legacy_id
), linked AS (
  UPDATE ${own.name} t SET ${column} = b.parent FROM batch b
   WHERE t.${t.legacyId} = b.legacy_id AND t.${column} IS NULL
     AND (b.stamp IS NULL OR t.${t.legacyModifiedAt} = b.stamp)
     AND t.${t.modifiedAt} <= t.${t.legacyModifiedAt}
  RETURNING t.*
)${versions?.expressions ?? ''}
SELECT count(*)::int AS spent FROM batch`,
      { bind: values, type: QueryTypes.SELECT, transaction: null },
    );
    if ((row?.spent ?? 0) < batchSize) return;
  }
}

async function fetchTargets(
  runtime: Runtime,
  load: string,
  { mapping, attribute, target }: Lookup,
): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await runtime.pool.query<{ target: string }>(
      `
SELECT DISTINCT l.target FROM dual_write_load_links l
 WHERE l.load = $1 AND l.model = $2 AND l.column_name = $3 AND l.target > $4
 ORDER BY l.target LIMIT ${fetchSize}`,
      {
        bind: [load, mapping.name, attribute.column, after],
        type: QueryTypes.SELECT,
        transaction: null,
      },
    );
    const keys = rows.map((row) => row.target);
    if (keys.length === 0) return;
    after = keys.at(-1) ?? after;
    const scope = { ...refreshScope(runtime), revision: { id: load, comment: loadComment } };
    await fetchAwaited(scope, target, new Set(keys));
    const parts = [...scope.rejected, ...(await linkDeferred(scope))];
    const findings = parts.flatMap((part) => rejectedFindings(part.mapping, part.records));
    await noteFindings(runtime, load, { findings, transaction: null });
  }
}

async function rejectDangling(
  runtime: Runtime,
  load: string,
  { mapping, attribute }: Lookup,
): Promise<void> {
  await runtime.pool.query(
    `
WITH spent AS (
  DELETE FROM dual_write_load_links l
   WHERE l.load = $1 AND l.model = $2 AND l.column_name = $3
  RETURNING l.legacy_id,
    $3::text || ' refers to ' || l.target || ', which the legacy system does not show' AS reason
), noted AS (
  INSERT INTO dual_write_load_findings (load, model, kind, legacy_id, detail)
  SELECT $1, $2, 'rejected', legacy_id, jsonb_build_object('reason', reason) FROM spent
)
INSERT INTO dual_write_rejected (model, legacy_id, reason)
SELECT $2, legacy_id, string_agg(reason, '; ') FROM spent GROUP BY legacy_id
ON CONFLICT (model, legacy_id) DO UPDATE SET reason = excluded.reason, at = now()`,
    { bind: [load, mapping.name, attribute.column], transaction: null },
  );
}
