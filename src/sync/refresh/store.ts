import { QueryTypes, Utils } from 'sequelize';
import { historyOf } from '../../model/history';
import { quote } from '../local-table';
import type { Runtime } from '../runtime';
import { loadedSinceSql, type Difference } from './compare';
import {
  incomingValue,
  inputParameter,
  inputTable,
  lookupJoins,
  type RefreshTable,
} from './input-sql';
import { noteKnownSql } from './known-sql';
import { freed, type Moved } from './moved-values';
import type { IncomingRow } from './row';
import type { StorePlace } from './scope';

/** The comment of every revision that a refresh writes. */
export const refreshComment = 'legacy refresh';

/** What to store of an answer. */
export interface Changes {
  readonly differences: readonly Difference[];
  /** When the answer was asked for, by the database's clock. */
  readonly askedAt: Date;
  /** The versions belong to the writer's revision, not to one of a refresh. */
  readonly isOwnWrite: boolean;
  /** The records count as not there: the rows are for others to refer to, and leave no version. */
  readonly areAbsent: boolean;
  /** Unique values have moved from one row to another. */
  readonly moved?: Moved | undefined;
}

/**
 * Bring the local rows to what the differences say: one UPDATE, one INSERT, one note of what is
 * known since when, and the versions, whatever the number of rows.
 *
 * Rows that somebody else has locked, or has written since the comparison, are left alone.
 *
 * @returns the keys of the rows that were stored.
 */
export async function store(
  runtime: Runtime,
  place: StorePlace,
  table: RefreshTable,
  changes: Changes,
): Promise<Set<string>> {
  const fresh = changes.differences.filter((difference) => difference.id === null);
  const found = changes.differences.filter((difference) => difference.id !== null);
  const { moved, differences } = changes;
  const existing = moved ? await freed(place, table, { differences, moved }) : found;
  if (!existing) return new Set();
  const updated = await update(place, table, existing);
  const inserted = await insert(place, table, { ...changes, differences: fresh });
  const different = new Set(existing.filter((row) => row.differs).map((row) => row.row.key));
  const { isOwnWrite, askedAt, areAbsent } = changes;
  const created = areAbsent ? [] : inserted.map(({ id }) => id);
  await noteRows(runtime, place, table, { kind: 'created', keys: created, isOwnWrite });
  const changed = updated.filter(({ key }) => different.has(key)).map(({ id }) => id);
  await noteRows(runtime, place, table, { kind: 'updated', keys: changed, isOwnWrite });
  const stored = new Set([...updated, ...inserted].map(({ key }) => key));
  await noteKnown(place, {
    model: table.mapping.name,
    keys: [...stored],
    askedAt,
    gone: areAbsent,
  });
  return stored;
}

interface StoredRow {
  readonly id: unknown;
  readonly key: string;
}

/** NOTE: one time for both stamps: by `clock_timestamp()` a row could be ahead of itself. */
export const stampSql = `coalesce(i."#stamp", date_trunc('milliseconds', statement_timestamp()))`;

/** What an UPDATE sets in a row `t` from its incoming row `i`. */
export function assignmentsSql(table: RefreshTable): string {
  const t = table.local.columns;
  return [
    ...table.columns.map(({ column }) => `${quote(column)} = ${incomingValue(table, column)}`),
    ...(t.deletedAt ? [`${t.deletedAt} = NULL`] : []),
    `${t.legacyModifiedAt} = ${stampSql}`,
    `${t.modifiedAt} = ${stampSql}`,
    `${t.legacyVersion} = i."#version"`,
    `${t.createdAt} = coalesce(i."#created", t.${t.createdAt})`,
  ].join(',\n       ');
}

async function update(
  place: StorePlace,
  table: RefreshTable,
  differences: readonly Difference[],
): Promise<StoredRow[]> {
  if (differences.length === 0) return [];
  const { local } = table;
  const t = local.columns;
  return place.sequelize.query<StoredRow>(
    `
WITH locked AS (
  SELECT t.${t.primaryKey} AS id FROM ${local.name} t
   WHERE t.${t.legacyId} = ANY ($2::uuid[])
   ORDER BY t.${t.legacyId} FOR UPDATE SKIP LOCKED
)
UPDATE ${local.name} t
   SET ${assignmentsSql(table)}
  FROM ${inputTable(table, '$1')}
  ${lookupJoins(table)}
 WHERE t.${t.legacyId} = i."#key" AND t.xmin::text = i."#seen"
   AND t.${t.primaryKey} IN (SELECT id FROM locked)
RETURNING t.${t.primaryKey} AS id, t.${t.legacyId} AS key`,
    {
      bind: [
        inputParameter(differences.map(({ row, seen }) => ({ ...row, seen: seen ?? undefined }))),
        differences.map(({ row }) => row.key),
      ],
      type: QueryTypes.SELECT,
      transaction: place.transaction,
    },
  );
}

async function insert(
  place: StorePlace,
  table: RefreshTable,
  { differences, askedAt, isOwnWrite, areAbsent }: Changes,
): Promise<StoredRow[]> {
  if (differences.length === 0) return [];
  const t = table.local.columns;
  const rows = differences.map(({ row }) => ({ ...row, extra: defaults(table, row) }));
  const mapped = new Set(table.columns.map(({ column }) => column));
  const extra = [...new Set(rows.flatMap((row) => Object.keys(row.extra)))];
  const values: [string, string][] = [
    ...extra.map((column): [string, string] => [quote(column), `i.${quote(column)}`]),
    ...[...mapped].map((column): [string, string] => [quote(column), incomingValue(table, column)]),
    [t.legacyId, 'i."#key"'],
    [t.legacyModifiedAt, stampSql],
    [t.modifiedAt, stampSql],
    [t.createdAt, `coalesce(i."#created", ${stampSql})`],
    [t.legacyVersion, 'i."#version"'],
    ...(t.deletedAt && areAbsent ? [[t.deletedAt, 'now()'] as [string, string]] : []),
  ];
  const wide = {
    ...table,
    columns: [...table.columns, ...extra.map((column) => ({ column, lookup: undefined }))],
  };
  return place.sequelize.query<StoredRow>(
    `
INSERT INTO ${table.local.name} (${values.map(([column]) => column).join(', ')})
SELECT ${values.map(([, value]) => value).join(', ')}
  FROM ${inputTable(wide, '$1')}
  ${lookupJoins(table)}
 WHERE $4 OR NOT ${loadedSinceSql('$2', '$3')}
 ORDER BY i."#key"
ON CONFLICT (${t.legacyId}) DO NOTHING
RETURNING ${t.primaryKey} AS id, ${t.legacyId} AS key`,
    {
      bind: [inputParameter(rows), table.mapping.name, askedAt, isOwnWrite],
      type: QueryTypes.SELECT,
      transaction: place.transaction,
    },
  );
}

/**
 * The values that the model gives a new row by itself: default values, made keys. Stamps, mapped
 * columns and what only the database can work out are left out.
 */
function defaults(table: RefreshTable, row: IncomingRow): Record<string, unknown> {
  const { model } = table.mapping;
  const own = new Set(['legacyId', 'legacyModifiedAt', 'legacyVersion', 'createdAt', 'modifiedAt']);
  const built = model.build({}).get({ plain: true }) as Record<string, unknown>;
  const values: Record<string, unknown> = {};
  for (const [attribute, definition] of Object.entries(model.getAttributes())) {
    const column = definition.field ?? attribute;
    const value = built[attribute];
    const isColumn = table.local.typeOf(column) !== undefined;
    if (!isColumn || own.has(attribute) || column in row.values) continue;
    if (value === undefined || value === null) continue;
    if (
      value instanceof (Utils as unknown as { SequelizeMethod: new () => object }).SequelizeMethod
    ) {
      continue;
    }
    values[column] = value;
  }
  return values;
}

/**
 * Set the lookups whose targets were not there when their rows were stored: rows of the same answer,
 * and records that refer to each other.
 *
 * @returns the lookups that lead to something that is still not here.
 */
export async function linkLookups(
  runtime: Runtime,
  place: StorePlace,
  table: RefreshTable,
  differences: readonly Difference[],
): Promise<Dangling[]> {
  const dangling: Dangling[] = [];
  for (const [column] of table.lookups) {
    const open = differences.filter(({ unresolved }) => unresolved.includes(column));
    if (open.length === 0) continue;
    const rows = await link(place, table, { column, rows: open.map(({ row }) => row) });
    const linked = rows.flatMap((row) => (row.linked ? [row.id] : []));
    await noteRows(runtime, place, table, { kind: 'updated', keys: linked, isOwnWrite: false });
    for (const { key, target } of rows) if (target !== null) dangling.push({ key, column, target });
  }
  return dangling;
}

/** A lookup of a record that leads to a key which is not here. */
type Dangling = Readonly<Record<'key' | 'column' | 'target', string>>;

interface LinkedRow {
  readonly key: string;
  readonly id: unknown;
  readonly linked: boolean;
  /** The legacy key that leads nowhere; null when the lookup is set. */
  readonly target: string | null;
}

async function link(
  place: StorePlace,
  table: RefreshTable,
  open: { readonly column: string; readonly rows: readonly IncomingRow[] },
): Promise<LinkedRow[]> {
  const lookup = table.lookups.get(open.column);
  if (!lookup) return [];
  const { primaryKey, legacyId } = table.local.columns;
  const target = lookup.table.columns;
  const column = quote(open.column);
  return place.sequelize.query<LinkedRow>(
    `
WITH input AS (
  SELECT i."#key" AS key, i.${column} AS target, p.${target.primaryKey} AS parent
    FROM ${inputTable(table, '$1')}
    LEFT JOIN ${lookup.table.name} p ON p.${target.legacyId} = i.${column}
), linked AS (
  UPDATE ${table.local.name} t SET ${column} = input.parent FROM input
   WHERE t.${legacyId} = input.key AND input.parent IS NOT NULL
     AND t.${column} IS DISTINCT FROM input.parent
  RETURNING t.${primaryKey} AS id, t.${legacyId} AS key
)
SELECT input.key, linked.id, linked.id IS NOT NULL AS linked,
       CASE WHEN input.parent IS NULL THEN input.target END AS target
  FROM input LEFT JOIN linked ON linked.key = input.key`,
    { bind: [inputParameter(open.rows)], type: QueryTypes.SELECT, transaction: place.transaction },
  );
}

/** Have versions written of these rows. */
async function noteRows(
  runtime: Runtime,
  place: StorePlace,
  table: RefreshTable,
  rows: {
    readonly kind: 'created' | 'updated';
    readonly keys: readonly unknown[];
    readonly isOwnWrite: boolean;
  },
): Promise<void> {
  if (rows.keys.length === 0) return;
  const { model } = table.mapping;
  await historyOf(runtime.sequelize)?.note(place.transaction, {
    model,
    kind: rows.kind,
    keys: rows.keys.map((id) => ({ [model.primaryKeyAttribute]: id })),
    revision: rows.isOwnWrite ? undefined : (place.revision ?? { comment: refreshComment }),
  });
}

/** Note since when the state of these keys is known: see `dual_write_known` in schema.ts. */
export async function noteKnown(
  place: StorePlace,
  known: {
    readonly model: string;
    readonly keys: readonly string[];
    readonly askedAt: Date;
    readonly gone: boolean;
  },
): Promise<void> {
  await place.sequelize.query(
    `
WITH kept AS (DELETE FROM dual_write_rejected WHERE model = $1 AND legacy_id = ANY ($2::uuid[]))
${noteKnownSql('SELECT $1, key, $3::timestamptz, $4::boolean FROM unnest($2::uuid[]) AS key')}`,
    {
      bind: [known.model, [...new Set(known.keys)], known.askedAt, known.gone],
      transaction: place.transaction,
    },
  );
}
