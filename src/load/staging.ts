import type { Transaction } from 'sequelize';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { quote } from '../sync/local-table';
import { inputParameter, inputTable, type RefreshTable } from '../sync/refresh/input-sql';
import type { IncomingRow } from '../sync/refresh/row';
import type { Runtime } from '../sync/runtime';

/** Rows within reach of a statement. */
export interface Staged {
  /** A table expression to put into `WITH`, which calls them `i`; undefined where they are a table. */
  readonly expression: string | undefined;
  /** What stands behind FROM: its alias is `i`. */
  readonly from: string;
}

/** Below this, a parameter is faster than a COPY: a temporary table costs some milliseconds. */
const copyFromRows = 500;

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
  const { connection } = transaction as unknown as { connection: ClientBase };
  const stream = connection.query(copyFrom(`COPY ${name} FROM STDIN`));
  stream.end(copyText(rows, { types, askedAt }));
  await finished(stream).catch((error: unknown) => {
    // As Sequelize gives errors of PostgreSQL, so that they are told apart in one way.
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
      original: error,
    });
  });
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

function copyText(
  rows: readonly IncomingRow[],
  { types, askedAt }: { types: readonly ColumnType[]; askedAt: StagedRows['askedAt'] },
): string {
  const own = ownColumns.length;
  const lines: string[] = [];
  for (const row of rows) {
    const stamps = [row.modifiedOn, row.createdOn, row.version, askedAt?.(row.key)];
    const cells = [row.key, ...stamps.map(cell)];
    for (let at = own; at < types.length; at += 1) {
      const { column, type } = types[at] ?? { column: '', type: '' };
      const value = row.values[column];
      const isJson = type === 'jsonb' && value !== null && value !== undefined;
      cells.push(cell(isJson ? JSON.stringify(value) : value));
    }
    lines.push(cells.join('\t'));
  }
  return `${lines.join('\n')}\n`;
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A value in the text format of COPY. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'string') {
    return special.test(value) ? value.replace(/[\\\t\n\r]/g, (one) => escapes[one] ?? one) : value;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return cell(value instanceof Date ? value.toISOString() : JSON.stringify(value));
}
