import type { LegacyValue } from '../../../../legacy-client';
import type { SandboxRecord } from '../../../../legacy-client/sandbox';
import { rounded } from './decimals';
import { entityOf, type Column, type ModelName } from './facts';

/** A value of a row as the application should see it; decimals as texts, lookups as legacy keys. */
export type Cell = string | number | boolean | Date | null;

/** A record of the CRM as the row that the application should see. */
export interface Row {
  readonly legacyId: string;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** All rows of one moment, by model and legacy key. */
export type Moment = ReadonlyMap<ModelName, ReadonlyMap<string, Row>>;

/** The rows of a model at a moment. */
export function rowsOf(moment: Moment, name: ModelName): readonly Row[] {
  return [...(moment.get(name)?.values() ?? [])];
}

/** One row of a moment. */
export function rowOf(moment: Moment, name: ModelName, legacyId: Cell): Row | undefined {
  return typeof legacyId === 'string' ? moment.get(name)?.get(legacyId) : undefined;
}

function cellOf(column: Column, value: LegacyValue | undefined): Cell {
  if (value === null || value === undefined) return null;
  if (column.kind === 'decimal') return rounded(String(value), column.scale ?? 0);
  if (column.kind === 'code') return column.names?.[Number(value) - 1] ?? null;
  if (value instanceof Date || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return typeof value === 'string' ? value : null;
}

/** Turn a record into the row that the application should see. */
export function rowOfRecord(name: ModelName, record: SandboxRecord): Row {
  const { key, columns } = entityOf(name);
  return {
    legacyId: String(record[key]),
    cells: Object.fromEntries(
      columns.map((column) => [column.attribute, cellOf(column, record[column.property])]),
    ),
  };
}

/** What the CRM keeps of a written value, as the application then sees it. */
export function keptCell(column: Column, value: Cell): Cell {
  if (value === null || value === '') return null;
  if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000);
  if (column.kind === 'decimal') return rounded(String(value), column.scale ?? 0);
  return value;
}

/** Whether two cells hold the same value. */
export function sameCell(a: Cell, b: Cell): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b;
}

/** Whether two rows hold the same values. */
export function sameRow(a: Row, b: Row): boolean {
  return (
    a.legacyId === b.legacyId &&
    Object.keys(a.cells).every((name) => sameCell(a.cells[name] ?? null, b.cells[name] ?? null))
  );
}
