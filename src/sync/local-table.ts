import { QueryTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import type { Mapping } from '../mapping';
import { SyncError } from './errors';

/** The names of a synced model's table, quoted and ready for SQL. */
export interface LocalTable {
  /** `"public"."organisations"` */
  readonly name: string;
  readonly columns: {
    readonly primaryKey: string;
    readonly legacyId: string;
    readonly legacyModifiedAt: string;
    readonly legacyVersion: string;
    readonly createdAt: string;
    readonly modifiedAt: string;
    /** Only for paranoid models. */
    readonly deletedAt: string | undefined;
  };
  /** PostgreSQL type of the primary key. */
  readonly primaryKeyType: string;
  /** PostgreSQL type by column name (not quoted); undefined when there is no such column. */
  typeOf(column: string): string | undefined;
}

const known = new WeakMap<ModelStatic<Model>, LocalTable>();

interface ColumnRow {
  readonly name: string;
  readonly full: string;
  readonly base: string;
}

/** Quote an identifier. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function quoteTable(model: ModelStatic<Model>): string {
  const name = model.getTableName() as string | { tableName: string; schema?: string };
  if (typeof name === 'string') return quote(name);
  return name.schema ? `${quote(name.schema)}.${quote(name.tableName)}` : quote(name.tableName);
}

/**
 * Describe the table of a mapped model, from the database's own catalogue; read once a process.
 *
 * @throws SyncError when the table or one of its columns does not exist.
 */
export async function localTable(sequelize: Sequelize, mapping: Mapping): Promise<LocalTable> {
  const model = mapping.model;
  const found = known.get(model);
  if (found) return found;
  const name = quoteTable(model);
  const rows = await sequelize.query<ColumnRow>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS full,
            format_type(a.atttypid, NULL) AS base
       FROM pg_attribute a
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    { bind: [name], type: QueryTypes.SELECT, transaction: null },
  );
  const table = describe(mapping, name, rows);
  known.set(model, table);
  return table;
}

/** PostgreSQL's type of a column, once the table is known; undefined before that. */
export function localTypeOf({ model }: Mapping, column: string): string | undefined {
  return known.get(model)?.typeOf(column);
}

function describe(mapping: Mapping, name: string, rows: readonly ColumnRow[]): LocalTable {
  const model = mapping.model;
  const types = new Map(rows.map((row) => [row.name, comparableType(row)]));
  if (types.size === 0) {
    throw new SyncError(`The table ${name} does not exist. Create it before reading.`, {
      model: model.name,
    });
  }
  const columnOf = (attribute: string): string => {
    const column = columnName(model, attribute);
    if (!types.has(column)) {
      throw new SyncError(`The table ${name} has no column ${column}. Add it by a migration.`, {
        model: model.name,
      });
    }
    return quote(column);
  };
  const deletedAt = (model as unknown as { options: { paranoid?: boolean; deletedAt?: string } })
    .options;
  return {
    name,
    columns: {
      primaryKey: columnOf(model.primaryKeyAttribute),
      legacyId: columnOf('legacyId'),
      legacyModifiedAt: columnOf('legacyModifiedAt'),
      legacyVersion: columnOf('legacyVersion'),
      createdAt: columnOf('createdAt'),
      modifiedAt: columnOf('modifiedAt'),
      deletedAt: deletedAt.paranoid ? columnOf(deletedAt.deletedAt ?? 'deletedAt') : undefined,
    },
    primaryKeyType: types.get(columnName(model, model.primaryKeyAttribute)) ?? 'text',
    typeOf: (column) => types.get(column),
  };
}

function columnName(model: ModelStatic<Model>, attribute: string): string {
  return model.getAttributes()[attribute]?.field ?? attribute;
}

/**
 * NOTE: numbers and times are compared as the column keeps them (rounded); texts are compared
 * whole, because a cast to `varchar(n)` cuts silently and would make a cut text look equal.
 */
function comparableType(row: ColumnRow): string {
  if (row.base === 'json') return 'jsonb';
  return /^(numeric|time)/.test(row.base) ? row.full : row.base;
}
