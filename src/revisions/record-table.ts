import type { Model, ModelStatic } from 'sequelize';
import { type RecordKey, registeredModel } from '../model/history';
import { isVirtual, snapshotExpression } from './snapshot';

interface QueryGenerator {
  quoteTable(name: unknown): string;
  quoteIdentifier(name: string): string;
  escape(value: unknown): string;
}

interface ModelInternals {
  readonly queryGenerator: QueryGenerator;
  readonly _timestampAttributes: { readonly deletedAt?: string };
}

/** PostgreSQL takes at most 100 arguments, two for each attribute. */
const attributesPerObject = 50;

/**
 * A model's table in SQL: `t` is a row of it, `k` a row of which only the primary key is filled.
 *
 * Keys are turned into the table's own types by PostgreSQL (`jsonb_populate_record`), which knows
 * them better than the model does.
 */
export class RecordTable {
  /** The model's name, as the versions have it. */
  readonly name: string;
  readonly #model: ModelStatic<Model>;
  readonly #sql: QueryGenerator;

  constructor(model: ModelStatic<Model>) {
    this.#model = model;
    this.name = registeredModel(model).name;
    this.#sql = (model as unknown as ModelInternals).queryGenerator;
  }

  /** `"organisations"` */
  get table(): string {
    return escapeBinds(this.#sql.quoteTable(this.#model.getTableName()));
  }

  /** The row type's empty row, to be filled by jsonb_populate_record. */
  get emptyRow(): string {
    return `NULL::${this.table}`;
  }

  /** `t."id" = k."id"` */
  get keyCondition(): string {
    return this.#keyColumns()
      .map((column) => `t.${column} = k.${column}`)
      .join(' AND ');
  }

  /** The primary key of `t` or `k` as text, as the versions have it. */
  keyText(row: 't' | 'k'): string {
    const columns = this.#keyColumns().map((column) => `${row}.${column}::text`);
    return columns.length === 1 ? columns.join() : `jsonb_build_array(${columns.join(', ')})::text`;
  }

  /** All stored attributes of `t` by name, as one jsonb. */
  get snapshot(): string {
    const pairs = Object.entries(this.#model.getAttributes())
      .filter(([, { type }]) => !isVirtual(type))
      .map(([name, { type, field = name }]) => {
        const value = snapshotExpression(type, `t.${this.#column(field)}`);
        return `${escapeBinds(this.#sql.escape(name))}::text, ${value}`;
      });
    const objects: string[] = [];
    for (let start = 0; start < pairs.length; start += attributesPerObject) {
      const part = pairs.slice(start, start + attributesPerObject);
      objects.push(`jsonb_build_object(${part.join(', ')})`);
    }
    return objects.join(' || ');
  }

  /** Whether `t` is marked as deleted, on a paranoid model. */
  get isSoftDeleted(): string {
    const { deletedAt } = (this.#model as unknown as ModelInternals)._timestampAttributes;
    if (deletedAt === undefined) return 'false';
    const { field = deletedAt, defaultValue = null } = this.#model.getAttributes()[deletedAt] ?? {};
    const unmarked = escapeBinds(this.#sql.escape(defaultValue));
    return `t.${this.#column(field)} IS DISTINCT FROM ${unmarked}`;
  }

  /** A key by column, as jsonb_populate_record reads it. */
  columnsOf(key: RecordKey): Record<string, unknown> {
    const columns: Record<string, unknown> = {};
    for (const attribute of this.#model.primaryKeyAttributes) {
      columns[this.#fieldOf(attribute)] = plainValue(key[attribute]);
    }
    return columns;
  }

  #keyColumns(): string[] {
    return this.#model.primaryKeyAttributes.map((name) => this.#column(this.#fieldOf(name)));
  }

  #fieldOf(attribute: string): string {
    return this.#model.getAttributes()[attribute]?.field ?? attribute;
  }

  #column(field: string): string {
    return escapeBinds(this.#sql.quoteIdentifier(field));
  }
}

/** NOTE: Sequelize takes `$name` for a bind parameter, in quotes too. */
function escapeBinds(sql: string): string {
  return sql.replaceAll('$', '$$$$');
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  return value;
}
