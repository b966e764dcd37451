import { Transaction, type FindOptions, type Model, type ModelStatic, type Order } from 'sequelize';
import type { Synced } from '../runtime';
import { commitOrRollBack } from '../commit-or-roll-back';
import type { EarlyAnswer } from './early-answer';
import { shown, visible, withoutHidden } from './hidden';
import { unconditioned } from './joined-conditions';
import { setOf, type Knowledge } from './legs';
import type { LegacyPage } from './page';
import {
  onPrimary,
  type ConformedInclude,
  type EffectiveOptions,
  type ReadOptions,
} from './sequelize-internals';
import { deletedAtOf } from '../refresh/agreement';
import { checkedRow, gapsIn, rowsOf, type CheckedRow, type Gaps } from './verify';

/** A read of Sequelize's own, to be answered exactly. */
export interface Read<T> {
  readonly synced: Synced;
  /** The class that was called: perhaps derived by `scope()`. */
  readonly model: ModelStatic<Model>;
  readonly options: ReadOptions;
  /** Sequelize's own call, which stays local. */
  readonly run: (options: ReadOptions) => Promise<T>;
  /** The result may be instances that can be checked themselves; never true of aggregates. */
  readonly givesRows: boolean;
  /** The answer may be as old as this. */
  readonly maxAgeMs?: number | undefined;
  /** The result is the number of rows. */
  readonly counts?: boolean | undefined;
  /** Shown what the call learns, while it does; again when it begins anew. */
  readonly observe?: (knowledge: Knowledge) => void;
}

/** A read, and what is known by now for answering it. */
export interface Answering<T> {
  readonly read: Read<T>;
  readonly knowledge: Knowledge;
  /** What the read asks for, with scopes merged in. */
  readonly effective: EffectiveOptions;
  /** Only the first records were asked for. */
  readonly page: LegacyPage | undefined;
  /** What was read before the refresh. */
  readonly early: EarlyAnswer<T> | undefined;
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
  const result = await read.run({ ...options, ...onPrimary, transaction: transaction ?? null });
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
    const rows = await rowsToCheck(answering, transaction);
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
  return commitOrRollBack(snapshot, () => body(snapshot));
}

/** The gaps in everything that a read's condition matches, whatever page of it was asked for. */
export async function allGaps<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<Gaps> {
  return gapsIn(answering.knowledge, await rowsToCheck(answering, transaction));
}

/**
 * The gaps in what is joined to the records that were fetched, whether the condition shows it or not:
 * a row that is gone may be all that keeps another one away.
 */
export async function joinedGaps<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<Gaps> {
  const { knowledge, effective, read } = answering;
  const { mapping } = read.synced;
  const pending = knowledge.scope.pendingKeys.get(mapping) ?? [];
  const where = { legacyId: [...setOf(knowledge.seen, mapping.name), ...pending] };
  const joined = { ...effective, where, includes: unconditioned(effective.includes) };
  return gapsIn(knowledge, await rowsToCheck({ ...answering, effective: joined }, transaction));
}

/**
 * The rows behind an answer that does not show them itself: aggregates, raw and partial rows. They
 * are read without scopes, which are in the condition already and may leave columns out.
 */
async function rowsToCheck<T>(
  { read, knowledge, effective, page }: Answering<T>,
  transaction: Transaction | undefined,
): Promise<CheckedRow[]> {
  const { mapping } = read.synced;
  const { hidden } = knowledge;
  const { paranoid, replacements } = read.options;
  const where = visible(hidden, mapping.name, effective.where);
  const options = {
    ...defined({ where, paranoid, replacements }),
    ...(page && { order: effective.order as Order, limit: page.top }),
    ...onPrimary,
    transaction: transaction ?? null,
    skipLegacy: true,
  };
  const model = mapping.model.unscoped();
  if (effective.includes.length === 0) {
    const key = mapping.model.primaryKeyAttribute;
    const deletedAt = deletedAtOf(mapping) ?? key;
    const attributes = [key, 'legacyId', 'modifiedAt', 'legacyModifiedAt', deletedAt];
    const rows: unknown[] = await model.findAll({
      ...options,
      attributes,
      raw: true,
    } as FindOptions);
    return rows.map((row) => checkedRow(mapping, row as Record<string, unknown>));
  }
  const include = effective.includes.map((one) => shown(hidden, whole(one)));
  const found = await model.findAll({ ...options, include } as FindOptions);
  return rowsOf(registryOf(knowledge), found);
}

/** The same include with all its attributes, and as part of one statement. */
function whole(include: ConformedInclude): ConformedInclude {
  const rest = { ...include };
  delete rest.attributes;
  delete rest.separate;
  const through = include.through && { ...include.through, attributes: undefined };
  return {
    ...rest,
    ...(through && { through }),
    ...(include.include && { include: include.include.map(whole) }),
  };
}

function registryOf(knowledge: Knowledge): Knowledge['scope']['runtime']['registry'] {
  return knowledge.scope.runtime.registry;
}

function defined(options: ReadOptions): ReadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
