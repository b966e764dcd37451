import type { Transaction } from 'sequelize';
import { createHash } from 'node:crypto';
import { quote } from '../sync/local-table';
import { inputParameter, inputTable, type RefreshTable } from '../sync/refresh/input-sql';
import type { IncomingRow } from '../sync/refresh/row';
import type { Runtime } from '../sync/runtime';
import { cell, copyInto, copyFromRows, typedCell } from './copy-rows';

/** Rows within reach of a statement. */
export interface Staged {
  /** A table expression to put into `WITH`, which calls them `i`; undefined where they are a table. */
  readonly expression: string | undefined;
  /** What stands behind FROM: its alias is `i`. */
  readonly from: string;
}

/** Columns that every staged row has beside the mapped ones. */
const ownColumns = [
  ['#key', 'uuid'],
  ['#stamp', 'timestamptz'],
  ['#created', 'timestamptz'],
  ['#version', 'text'],
  ['#asked', 'timestamptz'],
] as const;

/**
 * Hand rows to PostgreSQL for the statements of a transaction: by COPY into a temporary table, or
 * few of them as one parameter.
 *
 * @param bind - puts a value into the next statement's parameters, and gives its name.
 */
export async function stageRows(
  runtime: Runtime,
  transaction: Transaction,
  { table, rows, askedAt, bind }: StagedRows,
): Promise<Staged> {
  const types = columnTypes(table);
  const canCopy = types.every(({ type }) => !type.endsWith('[]'));
  if (rows.length < copyFromRows || !canCopy) {
    const asked = rows.map((row) => ({ ...row, extra: { '#asked': askedAt?.(row.key) } }));
    const parameter = bind(inputParameter(asked));
    return {
      expression: `input AS MATERIALIZED (SELECT * FROM ${inputTable(table, parameter)})`,
      from: 'input i',
    };
  }
  const name = stageName(table, types);
  const definitions = types.map(({ column, type }) => `${quote(column)} ${type}`);
  await runtime.pool.query(
    `CREATE TEMPORARY TABLE IF NOT EXISTS ${name} (${definitions.join(', ')}) ON COMMIT DELETE ROWS`,
    { transaction },
  );
  const lines = rows.map((row) => [
    row.key,
    ...[row.modifiedOn, row.createdOn, row.version, askedAt?.(row.key)].map(cell),
    ...types
      .slice(ownColumns.length)
      .map(({ column, type }) => typedCell(row.values[column], type)),
  ]);
  await copyInto(transaction, name, lines);
  return { expression: undefined, from: `${name} i` };
}

/** What {@link stageRows} takes. */
export interface StagedRows {
  readonly table: RefreshTable;
  readonly rows: readonly IncomingRow[];
  /** When a record was asked for, where the statements need that. */
  readonly askedAt?: (key: string) => Date;
  readonly bind: (value: unknown) => string;
}

interface ColumnType {
  readonly column: string;
  readonly type: string;
}

function columnTypes({ columns, lookups, local }: RefreshTable): ColumnType[] {
  return [
    ...ownColumns.map(([column, type]) => ({ column, type })),
    ...columns.map(({ column }) => ({
      column,
      type: lookups.has(column) ? 'uuid' : (local.typeOf(column) ?? 'text'),
    })),
  ];
}

/** One for each shape: connections are used for several models. */
function stageName({ mapping }: RefreshTable, types: readonly ColumnType[]): string {
  const shape = createHash('sha256')
    .update(JSON.stringify([mapping.name, types]))
    .digest('hex');
  return `pg_temp.dual_write_stage_${shape.slice(0, 16)}`;
}
