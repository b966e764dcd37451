import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { ExitError } from './errors';

/** What leaves the database, by the names that the exit list uses. */
export interface LegacySchema {
  /** Attributes whose columns every model's table loses: `legacyId`. */
  readonly attributes: readonly string[];
  /** The library's own tables: `dual_write_known`. */
  readonly tables: readonly string[];
}

/** The models of the application: a list, or a record by name. */
export type ExitModels =
  readonly ModelStatic<Model>[] | Readonly<Record<string, ModelStatic<Model>>>;

/**
 * Write the statements that take the legacy out of a database: its columns from each model's table,
 * then the library's own tables. Revisions and versions stay.
 *
 * Repeating them is harmless. They can as well be copied into a migration of your own.
 */
export function dropStatements(
  sequelize: Sequelize,
  models: ExitModels,
  { attributes, tables }: LegacySchema,
): string[] {
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const alterations = Object.values(models).flatMap((model: ModelStatic<Model>) => {
    const columns = columnsOf(model, attributes);
    if (columns.length === 0) return [];
    const drops = columns.map((column) => `DROP COLUMN IF EXISTS ${quote(column)}`);
    const table = sequelize.getQueryInterface().quoteIdentifiers(qualifiedName(model));
    return [`ALTER TABLE ${table} ${drops.join(', ')}`];
  });
  return [...alterations, ...tables.map((table) => `DROP TABLE IF EXISTS ${quote(table)}`)];
}

/**
 * Take the legacy out of a database, in one transaction: all of it goes, or nothing.
 *
 * Run it when no process with the library is alive any more; what is dropped is gone.
 *
 * @returns the statements that were run.
 * @throws ExitError when none of the models has any of the attributes: then these are the wrong
 * models, or the exit is done.
 */
export async function dropLegacyColumns(
  sequelize: Sequelize,
  models: ExitModels,
  schema: LegacySchema,
): Promise<string[]> {
  const all = Object.values(models) as ModelStatic<Model>[];
  if (all.every((model) => columnsOf(model, schema.attributes).length === 0)) {
    throw new ExitError('The database was left as it is.', [
      `None of the models has an attribute ${schema.attributes.join(' or ')}.`,
    ]);
  }
  const statements = dropStatements(sequelize, models, schema);
  const transaction = await sequelize.transaction({ transaction: null });
  try {
    for (const statement of statements) await sequelize.query(statement, { transaction });
    await transaction.commit();
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  return statements;
}

function columnsOf(model: ModelStatic<Model>, attributes: readonly string[]): string[] {
  const definitions = model.getAttributes();
  return attributes.flatMap((attribute) => {
    const definition = definitions[attribute];
    return definition ? [definition.field ?? attribute] : [];
  });
}

function qualifiedName(model: ModelStatic<Model>): string {
  const name = model.getTableName() as string | { schema?: string; tableName: string };
  if (typeof name === 'string') return name;
  return name.schema ? `${name.schema}.${name.tableName}` : name.tableName;
}
