import { Model, type ModelStatic, type Transaction, type WhereOptions } from 'sequelize';
import { transactionOf } from './context';
import { type Change, type History, historyOf, type RecordKey } from './history';
import { UnitOfWork } from './unit-of-work';

/** The parts of a call's options that are read here. Everything else is passed on as it is. */
export interface CallOptions {
  transaction?: Transaction | null;
  where?: WhereOptions;
  returning?: boolean | readonly unknown[];
  hooks?: boolean;
  individualHooks?: boolean;
  force?: boolean;
  truncate?: boolean;
  limit?: number | null;
  instance?: Model;
  updateOnDuplicate?: readonly unknown[];
  ignoreDuplicates?: boolean;
}

export interface SequelizeInternals {
  readonly _timestampAttributes: { readonly deletedAt?: string };
  _injectScope(options: object): void;
}

/** Sequelize's own call, with the options that noting needs. */
export type Write<R> = (options: object) => Promise<R>;

export function modelOf(instance: Model): ModelStatic<Model> {
  return instance.constructor as ModelStatic<Model>;
}

/** Where to note what happens to this model; a model without a primary key has no history. */
export function historyFor(model: ModelStatic<Model>): History | undefined {
  const history = historyOf(model.sequelize);
  return history && model.primaryKeyAttributes.length > 0 ? history : undefined;
}

/** Run a write in its transaction, whose end waits for it: what is changed there is noted afterwards. */
export async function inTransaction<R>(
  model: ModelStatic<Model>,
  options: CallOptions | undefined,
  body: (transaction: Transaction) => Promise<R>,
): Promise<R> {
  const transaction = transactionOf(options);
  if (transaction) return UnitOfWork.of(transaction).hold(() => body(transaction));
  if (!model.sequelize) throw new Error(`Initialise the model ${model.name} before using it.`);
  return model.sequelize.transaction(body);
}

export function fieldOf(model: ModelStatic<Model>, attribute: string): string {
  return model.getAttributes()[attribute]?.field ?? attribute;
}

export function keyFields(model: ModelStatic<Model>): string[] {
  return model.primaryKeyAttributes.map((attribute) => fieldOf(model, attribute));
}

/** The key in an instance or in a row as PostgreSQL returned it; none when a part is missing. */
function keyOf(model: ModelStatic<Model>, row: unknown): RecordKey | undefined {
  const values = (row instanceof Model ? row.dataValues : row) as Record<string, unknown>;
  const key: Record<string, unknown> = {};
  for (const attribute of model.primaryKeyAttributes) {
    const value = values[attribute] ?? values[fieldOf(model, attribute)];
    if (value === undefined || value === null) return undefined;
    key[attribute] = value;
  }
  return key;
}

export function keysOf(model: ModelStatic<Model>, rows: unknown): RecordKey[] {
  if (!Array.isArray(rows)) return [];
  return rows.map((row) => keyOf(model, row)).filter((key) => key !== undefined);
}

export function isSoft(model: ModelStatic<Model>, options: CallOptions | undefined): boolean {
  const { deletedAt } = (model as unknown as SequelizeInternals)._timestampAttributes;
  return deletedAt !== undefined && options?.force !== true;
}

export async function noteAll(
  transaction: Transaction,
  change: Change,
  history = historyFor(change.model),
): Promise<void> {
  if (change.keys.length > 0) await history?.note(transaction, change);
}

/** Let a bulk UPDATE return keys instead of their number, note them, and give the number. */
export async function noteReturned(
  change: Change,
  transaction: Transaction,
  write: Write<unknown>,
): Promise<unknown> {
  const rows = await write({ returning: keyFields(change.model), raw: true });
  await noteAll(transaction, { ...change, keys: keysOf(change.model, rows) });
  return Array.isArray(rows) ? rows.length : rows;
}
