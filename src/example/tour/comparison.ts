import type { SandboxControl, SandboxRecord } from '../../../legacy-client/sandbox';
import type { Field, Migrator } from '../../index';
import type { PlainRow, PlainSql } from './plain-sql';

/** What a comparison of both sides found. */
export interface Comparison {
  readonly model: string;
  /** Records in the CRM. */
  readonly legacyCount: number;
  readonly localCount: number;
  /** One line for each difference. */
  readonly differences: readonly string[];
}

/** By model name: legacy key by local key, for lookups. */
type LegacyKeys = Map<string, ReadonlyMap<string, string | null>>;

/**
 * Compare all records of both sides, column by column, without the library's synced reads: plain SQL
 * here, the sandbox's store there, and the mappings to say what belongs to what.
 *
 * @param migrators - those of models that others refer to come first.
 */
export async function compareSides(
  sql: PlainSql,
  sandbox: SandboxControl,
  migrators: readonly Migrator[],
): Promise<Comparison[]> {
  const legacyKeys: LegacyKeys = new Map();
  const comparisons: Comparison[] = [];
  for (const migrator of migrators) {
    const { model, definition } = migrator;
    const rows = await sql.rows(model.tableName);
    legacyKeys.set(model.name, new Map(rows.map((row) => [String(row.id), row.legacy_id ?? null])));
    const records = await sandbox.records(definition.logicalName ?? '');
    comparisons.push({
      model: model.name,
      legacyCount: records.length,
      localCount: rows.length,
      differences: differencesOf({ migrator, legacyKeys }, rows, records),
    });
  }
  return comparisons;
}

interface Correspondence {
  readonly migrator: Migrator;
  readonly legacyKeys: LegacyKeys;
}

function differencesOf(
  how: Correspondence,
  rows: readonly PlainRow[],
  records: readonly SandboxRecord[],
): string[] {
  const { key } = how.migrator.definition;
  const byKey = new Map(rows.map((row) => [row.legacy_id, row]));
  const differences = records.flatMap((record) => {
    const row = byKey.get(String(record[key]));
    if (!row) return [`${String(record[key])} is in the CRM only`];
    byKey.delete(String(record[key]));
    return columnDifferences(how, row, record);
  });
  const localOnly = [...byKey.values()].map((row) => `${String(row.id)} is in PostgreSQL only`);
  return [...differences, ...localOnly];
}

function columnDifferences(how: Correspondence, row: PlainRow, record: SandboxRecord): string[] {
  const { model, definition } = how.migrator;
  const attributes = model.getAttributes();
  const fields = definition.fields as Readonly<Record<string, Field>>;
  return Object.entries(fields).flatMap(([attribute, field]) => {
    const column = attributes[attribute]?.field ?? attribute;
    const local = localText(field, row[column] ?? null, how.legacyKeys);
    const legacy = legacyText(field, record[field.property] ?? null);
    if (local === legacy) return [];
    return [`${String(row.id)} ${attribute}: ${String(local)} here, ${String(legacy)} there`];
  });
}

/** A column's text, in the form in which {@link legacyText} writes the CRM's value. */
function localText(field: Field, text: string | null, legacyKeys: LegacyKeys): string | null {
  if (text === null || text === '') return null;
  switch (field.kind) {
    case 'lookup':
      return legacyKeys.get(field.model ?? '')?.get(text) ?? `${text}, which is not in the CRM`;
    case 'boolean':
      return String(text === 't');
    case 'dateTime':
      // '2026-11-21 13:00:00+00'
      return new Date(text.replace(' ', 'T').replace(/\+00$/, 'Z')).toISOString();
    case 'decimal':
    case 'money':
      return plainDecimal(text);
    case 'optionSet':
      return String(field.toLegacy(text));
    default:
      return text;
  }
}

function legacyText(field: Field, value: SandboxRecord[string]): string | null {
  if (value === null || value === '') return null;
  if (value instanceof Date) return value.toISOString();
  if (field.kind === 'decimal' || field.kind === 'money') return plainDecimal(String(value));
  return String(value);
}

/** `1.50` is `1.5`. */
function plainDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
