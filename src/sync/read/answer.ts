import { Transaction, type Model, type ModelStatic } from 'sequelize';
import type { Synced } from '../runtime';
import { rollBack } from '../refresh/scope';
import { withoutHidden } from './hidden';
import type { Knowledge } from './legs';
import type { ConformedInclude, ReadOptions } from './sequelize-internals';
import { checkedRow, gapsIn, rowsOf, type CheckedRow, type Gaps } from './verify';

/** A read of Sequelize's own, to be answered exactly. */
export interface Read<T> {
  readonly synced: Synced;
  /** The class that was called: perhaps derived by `scope()`. */
  readonly model: ModelStatic<Model>;
  readonly options: ReadOptions;
  /** Sequelize's own call, which stays local. */
  readonly run: (options: ReadOptions) => Promise<T>;
  /** Sequelize's own findAll on the same model, which stays local; for the last check. */
  readonly findRows: (options: ReadOptions) => Promise<unknown>;
  /** The result may be instances that can be checked themselves; never true of aggregates. */
  readonly givesRows: boolean;
}

/** A read, and what is known by now for answering it. */
export interface Answering<T> {
  readonly read: Read<T>;
  readonly knowledge: Knowledge;
  /** The includes as Sequelize spells them out. */
  readonly includes: readonly ConformedInclude[];
}

/** An answer, and what the last check found. */
export interface CheckedAnswer<T> {
  readonly gaps: Gaps;
  /** Left out when there are gaps. */
  readonly result?: { readonly value: T };
}

function checked<T>(gaps: Gaps, value: T): CheckedAnswer<T> {
  const isComplete = gaps.unseen.size === 0 && gaps.ahead.length === 0;
  return isComplete ? { gaps, result: { value } } : { gaps };
}

/** An answer that shows its rows is its own check: one statement sees one state of the table. */
export async function answerThenCheck<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<CheckedAnswer<T>> {
  const { read, knowledge } = answering;
  const options = withoutHidden(answering);
  const result = await read.run({ ...options, transaction: transaction ?? null });
  return checked(gapsIn(knowledge, rowsOf(registryOf(knowledge), result)), result);
}

/**
 * The check and the answer must see the same rows. In a caller's transaction they do as far as its
 * isolation level promises it.
 */
export async function checkThenAnswer<T>(
  answering: Answering<T>,
  outer: Transaction | undefined,
): Promise<CheckedAnswer<T>> {
  const { read, knowledge } = answering;
  const options = withoutHidden(answering);
  const body = async (transaction: Transaction): Promise<CheckedAnswer<T>> => {
    const rows = await rowsToCheck(read, knowledge, { ...options, transaction });
    const check = checked(gapsIn(knowledge, rows), undefined);
    if (!check.result) return { gaps: check.gaps };
    return checked(check.gaps, await read.run({ ...options, transaction }));
  };
  if (outer) return body(outer);
  const { sequelize } = knowledge.scope.runtime;
  const snapshot = await sequelize.transaction({
    isolationLevel: Transaction.ISOLATION_LEVELS.REPEATABLE_READ,
    transaction: null,
  });
  try {
    const answer = await body(snapshot);
    await snapshot.commit();
    return answer;
  } catch (error) {
    await rollBack(snapshot);
    throw error;
  }
}

/** The gaps in everything that a read's condition matches, whatever page of it was asked for. */
export async function allGaps<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<Gaps> {
  const options = { ...withoutHidden(answering), transaction: transaction ?? null };
  return gapsIn(
    answering.knowledge,
    await rowsToCheck(answering.read, answering.knowledge, options),
  );
}

/** The rows behind an answer that does not show them itself: aggregates, raw and partial rows. */
async function rowsToCheck<T>(
  read: Read<T>,
  knowledge: Knowledge,
  options: ReadOptions,
): Promise<CheckedRow[]> {
  const { mapping } = read.synced;
  const { where, include, paranoid, replacements, transaction } = options;
  const same = { ...defined({ where, paranoid, replacements }), transaction };
  if (include === undefined) {
    const key = mapping.model.primaryKeyAttribute;
    const attributes = [key, 'legacyId', 'modifiedAt', 'legacyModifiedAt'];
    const rows = await read.findRows({ ...same, attributes, raw: true });
    return (rows as Record<string, unknown>[]).map((row) => checkedRow(mapping, row));
  }
  const found = await read.findRows({ ...same, include: withoutAttributes(include) });
  return rowsOf(registryOf(knowledge), found);
}

function registryOf(knowledge: Knowledge): Knowledge['scope']['runtime']['registry'] {
  return knowledge.scope.runtime.registry;
}

function defined(options: ReadOptions): ReadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The same includes with all their attributes. */
function withoutAttributes(include: unknown): unknown {
  if (Array.isArray(include)) return include.map(withoutAttributes);
  const isOptions =
    typeof include === 'object' &&
    include !== null &&
    Object.getPrototypeOf(include) === Object.prototype;
  if (!isOptions) return include;
  const { through, ...rest } = include as Record<string, unknown>;
  delete rest.attributes;
  return {
    ...rest,
    ...(through === undefined ? {} : { through: withoutAttributes(through) }),
    ...(rest.include === undefined ? {} : { include: withoutAttributes(rest.include) }),
  };
}
