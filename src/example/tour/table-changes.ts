import type { PlainRow, PlainSql } from './plain-sql';

/** All rows of some tables at one moment. */
export type Snapshot = ReadonlyMap<string, ReadonlyMap<string, PlainRow>>;

const bookkeeping = /^(id|created_at|modified_at|legacy_.*)$/;
const shownColumns = 4;

/** Read all rows of the tables. */
export async function takeSnapshot(sql: PlainSql, tables: readonly string[]): Promise<Snapshot> {
  const snapshot = new Map<string, ReadonlyMap<string, PlainRow>>();
  for (const table of tables) {
    const rows = await sql.rows(table);
    snapshot.set(table, new Map(rows.map((row) => [String(row.id), row])));
  }
  return snapshot;
}

/** Say in one line what differs between two snapshots of the same tables. */
export function describeChanges(before: Snapshot, after: Snapshot): string {
  const parts = [...after].flatMap(([table, rows]) =>
    describeTable(table, before.get(table) ?? new Map(), rows),
  );
  return parts.length === 0 ? 'nothing has changed' : parts.join('; ');
}

function describeTable(
  table: string,
  before: ReadonlyMap<string, PlainRow>,
  after: ReadonlyMap<string, PlainRow>,
): string[] {
  const inserted = [...after.keys()].filter((id) => !before.has(id)).length;
  const deleted = [...before.keys()].filter((id) => !after.has(id)).length;
  const changes = [...after].flatMap(([id, row]) => {
    const old = before.get(id);
    const change = old ? describeRow(old, row) : '';
    return change === '' ? [] : [`${table}: ${change}`];
  });
  return [
    ...(inserted > 0 ? [`${table}: ${rowsOf(inserted)} inserted`] : []),
    ...(deleted > 0 ? [`${table}: ${rowsOf(deleted)} deleted`] : []),
    ...changes,
  ];
}

function describeRow(before: PlainRow, after: PlainRow): string {
  const columns = Object.keys(after).filter(
    (column) => !bookkeeping.test(column) && before[column] !== after[column],
  );
  const shown = columns.slice(0, shownColumns);
  const changes = shown.map(
    (column) => `${column} ${show(before[column])} → ${show(after[column])}`,
  );
  return [...changes, ...(columns.length > shown.length ? ['…'] : [])].join(', ');
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`;
}

function show(value: string | null | undefined): string {
  return value === null || value === undefined ? 'null' : `'${value}'`;
}
