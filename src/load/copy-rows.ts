import type { Transaction } from 'sequelize';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';

/** Below this, a parameter is faster than a COPY, which costs some milliseconds in any case. */
export const copyFromRows = 500;

/**
 * COPY rows, in the transaction.
 *
 * @param into - a table, and its columns in brackets where they are not all of them.
 * @param rows - their cells, in COPY's text format.
 * @throws Error with `original` when PostgreSQL refuses one of them: as Sequelize's errors are.
 */
export async function copyInto(
  transaction: Transaction,
  into: string,
  rows: readonly (readonly string[])[],
): Promise<void> {
  const { connection } = transaction as unknown as { connection: ClientBase };
  const stream = connection.query(copyFrom(`COPY ${into} FROM STDIN`));
  stream.end(`${rows.map((cells) => cells.join('\t')).join('\n')}\n`);
  await finished(stream).catch((error: unknown) => {
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
      original: error,
    });
  });
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A value in the text format of COPY. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'string') {
    return special.test(value) ? value.replace(/[\\\t\n\r]/g, (one) => escapes[one] ?? one) : value;
  }
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return cell(value instanceof Date ? value.toISOString() : JSON.stringify(value));
}

/** The same for a column of a type: a text in a column of JSON is JSON, too. */
export function typedCell(value: unknown, type: string | undefined): string {
  const isJson = (type === 'jsonb' || type === 'json') && value !== null && value !== undefined;
  return cell(isJson ? JSON.stringify(value) : value);
}
