import { QueryTypes, type Transaction } from 'sequelize';
import type { LegacyRecord } from '../../legacy-client';
import type { Mapping } from '../mapping';
import { commitOrRollBack } from '../sync/commit-or-roll-back';
import { quote } from '../sync/local-table';
import {
  incomingValue,
  lookupJoins,
  refreshTable,
  type RefreshTable,
} from '../sync/refresh/input-sql';
import { incomingRows, type IncomingRow } from '../sync/refresh/row';
import type { Runtime } from '../sync/runtime';
import { noteFindings, type Finding } from './findings';
import { advance, type PartKey } from './load-state';
import { stageRows } from './staging';
import type { ArrivedBatch } from './arrivals';
import { PartTakenError } from './store-batch';

/** How a record and its row differ. */
export interface ComparedRow {
  readonly key: string;
  /** The local primary key as text; null when there is no row, or a soft-deleted one. */
  readonly id: string | null;
  /** Attributes. */
  readonly fields: readonly string[];
  /** The stamps differ, or the row has local changes. */
  readonly isRestamped: boolean;
  readonly isAhead: boolean;
  /** By attribute, of those that differ. */
  readonly values: Readonly<Record<string, { readonly local: unknown; readonly legacy: unknown }>>;
}

/** What is to be looked at again at the end: somebody may have changed it meanwhile. */
export const candidateKind = 'candidate';

/** Compare what has come with the rows here, and note how far its part is, in one transaction. */
export async function compareBatch(
  runtime: Runtime,
  batch: PartKey & ArrivedBatch & { readonly mapping: Mapping },
): Promise<void> {
  const { load, mapping, arrived } = batch;
  const records = arrived.flatMap((part) => part.records);
  const transaction = await runtime.pool.transaction({ transaction: null });
  await commitOrRollBack(transaction, async () => {
    const { differing, rejected } = await compareRecords(runtime, transaction, {
      mapping,
      records,
    });
    const keys = [...differing.map(({ key }) => key), ...rejected.map(({ legacyId }) => legacyId)];
    const findings = keys.map((legacyId): Finding => ({
      ...{ model: mapping.name, kind: candidateKind, legacyId, localId: null, detail: {} },
    }));
    await noteFindings(runtime, load, { findings, transaction });
    await runtime.pool.query(
      `INSERT INTO dual_write_load_keys (load, model, legacy_id)
       SELECT $1, $2, key FROM unnest($3::uuid[]) AS key ON CONFLICT DO NOTHING`,
      { bind: [load, mapping.name, records.map(({ key }) => key)], transaction },
    );
    if (await advance(runtime, transaction, { ...batch, created: 0 })) return;
    throw new PartTakenError('Somebody else has gone on with this part.');
  });
}

/** Compare records with the rows here, by contents and by stamps. */
export async function compareRecords(
  runtime: Runtime,
  transaction: Transaction,
  { mapping, records }: { readonly mapping: Mapping; readonly records: readonly LegacyRecord[] },
): Promise<{
  readonly differing: readonly ComparedRow[];
  readonly rejected: readonly { readonly legacyId: string; readonly reason: string }[];
}> {
  const { rows, columns, rejected } = incomingRows(mapping, records);
  if (rows.length === 0) return { differing: [], rejected };
  const table = await refreshTable(runtime, mapping, columns);
  return { differing: await compareStaged(runtime, transaction, { table, rows }), rejected };
}

async function compareStaged(
  runtime: Runtime,
  transaction: Transaction,
  { table, rows }: { readonly table: RefreshTable; readonly rows: readonly IncomingRow[] },
): Promise<ComparedRow[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const staged = await stageRows(runtime, transaction, { table, rows, bind });
  const { columns: t, name } = table.local;
  const expression = staged.expression === undefined ? '' : `WITH ${staged.expression}`;
  return runtime.pool.query<ComparedRow>(
    `
${expression}
SELECT * FROM (
  SELECT i."#key"::text AS key, t.${t.primaryKey}::text AS id,
         array_remove(ARRAY[${fieldsSql(table).join(', ')}]::text[], NULL) AS fields,
         coalesce(i."#stamp" IS NOT NULL AND t.${t.legacyModifiedAt} IS DISTINCT FROM i."#stamp",
           false) AS "isRestamped",
         t.${t.legacyId} IS NOT NULL AND (t.${t.legacyModifiedAt} IS NULL
           OR t.${t.modifiedAt} > t.${t.legacyModifiedAt}) AS "isAhead",
         ${valuesSql(table)} AS values
    FROM ${staged.from}
    LEFT JOIN ${name} t ON t.${t.legacyId} = i."#key"
      ${t.deletedAt ? `AND t.${t.deletedAt} IS NULL` : ''}
    ${lookupJoins(table)}
) AS compared
 WHERE id IS NULL OR fields <> '{}' OR "isRestamped" OR "isAhead"`,
    { bind: values, type: QueryTypes.SELECT, transaction },
  );
}

function fieldsSql(table: RefreshTable): string[] {
  return attributesOf(table).map(
    ({ attribute, differs }) => `CASE WHEN ${differs} THEN ${literal(attribute)} END`,
  );
}

/** NOTE: a function takes at most 100 arguments, so each attribute has an object of its own. */
function valuesSql(table: RefreshTable): string {
  const objects = attributesOf(table).map(
    ({ attribute, differs, local, legacy }) =>
      `CASE WHEN ${differs} THEN jsonb_build_object(${literal(attribute)}, ` +
      `jsonb_build_object('local', to_jsonb(${local}), 'legacy', to_jsonb(${legacy}))) ELSE '{}' END`,
  );
  return ["'{}'::jsonb", ...objects].join(' || ');
}

interface ComparedAttribute {
  readonly attribute: string;
  readonly local: string;
  readonly legacy: string;
  readonly differs: string;
}

function attributesOf(table: RefreshTable): ComparedAttribute[] {
  const { mapping, columns, lookups } = table;
  const names = new Map(
    Object.entries(mapping.model.getAttributes()).map(([name, { field = name }]) => [field, name]),
  );
  return columns.map(({ column }) => {
    const local = `t.${quote(column)}`;
    const legacy = incomingValue(table, column);
    const isLookup = lookups.has(column);
    // A target that is not here is no null.
    const missing = isLookup ? ` OR i.${quote(column)} IS NOT NULL AND ${legacy} IS NULL` : '';
    return {
      ...{ attribute: names.get(column) ?? column, local, legacy },
      differs: `(t.${table.local.columns.legacyId} IS NOT NULL AND (${local} IS DISTINCT FROM ${legacy}${missing}))`,
    };
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
