import { localTable, quote, type LocalTable } from '../local-table';
import type { Mapping } from '../../mapping';
import type { Runtime } from '../runtime';
import type { IncomingColumn, IncomingRow } from './row';

/** A lookup's target as SQL names it. */
interface LookupJoin {
  readonly alias: string;
  readonly table: LocalTable;
}

/** The SQL names that the statements of one refresh share. */
export interface RefreshTable {
  readonly mapping: Mapping;
  readonly local: LocalTable;
  readonly columns: readonly IncomingColumn[];
  /** By column. */
  readonly lookups: ReadonlyMap<string, LookupJoin>;
}

/** Look up the SQL names for a set of incoming columns. */
export async function refreshTable(
  runtime: Runtime,
  mapping: Mapping,
  columns: readonly IncomingColumn[],
): Promise<RefreshTable> {
  const local = await localTable(runtime.pool, mapping);
  const lookups = new Map<string, LookupJoin>();
  for (const { column, lookup } of columns) {
    if (!lookup?.target) continue;
    const table = await localTable(runtime.pool, lookup.target);
    lookups.set(column, { alias: `p${lookups.size}`, table });
  }
  return { mapping, local, columns, lookups };
}

/**
 * The incoming rows as a table `input`: one parameter whatever their number, so that neither the
 * number of statements nor that of parameters grows with the rows.
 */
export function inputTable({ columns, local, lookups }: RefreshTable, parameter: string): string {
  const typed = columns.map(({ column }) => {
    const type = lookups.has(column) ? 'uuid' : (local.typeOf(column) ?? 'text');
    return `${quote(column)} ${type}`;
  });
  return `jsonb_to_recordset(${parameter}::jsonb) AS i(${[
    '"#key" uuid',
    '"#stamp" timestamptz',
    '"#created" timestamptz',
    '"#version" text',
    '"#seen" text',
    '"#asked" timestamptz',
    ...typed,
  ].join(', ')})`;
}

/** Joins that turn the legacy keys of lookups into local primary keys. */
export function lookupJoins({ lookups }: RefreshTable): string {
  return [...lookups]
    .map(([column, { alias, table }]) => {
      const match = `${alias}.${table.columns.legacyId} = i.${quote(column)}`;
      return `LEFT JOIN ${table.name} ${alias} ON ${match}`;
    })
    .join('\n');
}

/** The value that a column takes: the input's, or the primary key that a lookup points to. */
export function incomingValue({ lookups }: RefreshTable, column: string): string {
  const lookup = lookups.get(column);
  return lookup ? `${lookup.alias}.${lookup.table.columns.primaryKey}` : `i.${quote(column)}`;
}

/** The parameter for {@link inputTable}. `seen` is a row's `xmin` when it was compared. */
export function inputParameter(
  rows: readonly (IncomingRow & { readonly seen?: string; readonly extra?: object })[],
): string {
  return JSON.stringify(
    rows.map((row) => ({
      ...row.extra,
      ...row.values,
      '#key': row.key,
      '#stamp': row.modifiedOn,
      '#created': row.createdOn,
      '#version': row.version,
      '#seen': row.seen,
    })),
  );
}
