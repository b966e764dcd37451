import { Op, Transaction, type Model, type ModelStatic, type WhereOptions } from 'sequelize';
import { transactionOf } from '../../model/context';
import type { Mapping } from '../../mapping';
import { RejectedRecordError, SyncError } from '../errors';
import { boundOf } from '../query/bound-of-options';
import { settleAbsent } from '../refresh/absence';
import { refuseAhead } from '../refresh/apply';
import { placeOf, refreshScope, rollBack } from '../refresh/scope';
import { linkDeferred } from '../refresh/parents';
import type { Synced } from '../runtime';
import { refreshLeg, setOf, type Knowledge } from './legs';
import { effectiveOptions, type ReadOptions } from './sequelize-internals';
import { checkedRow, gapsIn, keptTombstones, rowsOf, type CheckedRow, type Gaps } from './verify';

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

/** Each round settles what the one before found; what still changes then changes all the time. */
const maxRounds = 5;

/**
 * Answer a read so that each row is as the legacy system had it during the call: refresh what the
 * query may need, let Sequelize answer from the local table, and check that every row of the answer
 * is vouched for by what was fetched; settle what is not, and answer again.
 */
export async function readExactly<T>(read: Read<T>): Promise<T> {
  const { runtime } = read.synced;
  const transaction = transactionOf(read.options);
  const knowledge: Knowledge = {
    scope: refreshScope(runtime, transaction),
    seen: new Map(),
    hidden: new Map(),
    gone: new Map(),
    rejected: [],
    ahead: [],
  };
  const { where, includes, isWhole } = effectiveOptions(read.model, read.options);
  const showsItself = read.givesRows && isWhole;
  const place = placeOf(knowledge.scope);
  const { mapping } = read.synced;
  const bound = await boundOf(runtime, place, { mapping, where });
  await refreshLeg(knowledge, { mapping, bound, includes });
  await settleRefresh(knowledge);
  for (let round = 0; round < maxRounds; round += 1) {
    const answer = showsItself
      ? await answerThenCheck(read, knowledge, transaction)
      : await checkThenAnswer(read, knowledge, transaction);
    if (answer.result) return answer.result.value;
    await closeGaps(knowledge, answer.gaps);
    await settleRefresh(knowledge);
  }
  throw new SyncError(
    'The rows of this query changed again and again while it was being answered. Try again.',
    { model: mapping.name },
  );
}

interface CheckedAnswer<T> {
  readonly gaps: Gaps;
  /** Left out when there are gaps. */
  readonly result?: { readonly value: T };
}

function checked<T>(gaps: Gaps, value: T): CheckedAnswer<T> {
  const isComplete = gaps.unseen.size === 0 && gaps.ahead.length === 0;
  return isComplete ? { gaps, result: { value } } : { gaps };
}

/** An answer that shows its rows is its own check: one statement sees one state of the table. */
async function answerThenCheck<T>(
  read: Read<T>,
  knowledge: Knowledge,
  transaction: Transaction | undefined,
): Promise<CheckedAnswer<T>> {
  const options = withoutHidden(knowledge, read);
  const result = await read.run({ ...options, transaction: transaction ?? null });
  return checked(gapsIn(knowledge, rowsOf(registryOf(knowledge), result)), result);
}

/**
 * The check and the answer must see the same rows. In a caller's transaction they do as far as its
 * isolation level promises it.
 */
async function checkThenAnswer<T>(
  read: Read<T>,
  knowledge: Knowledge,
  outer: Transaction | undefined,
): Promise<CheckedAnswer<T>> {
  const options = withoutHidden(knowledge, read);
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

/** The rows behind an answer that does not show them itself: aggregates, raw and partial rows. */
async function rowsToCheck<T>(
  read: Read<T>,
  knowledge: Knowledge,
  options: ReadOptions,
): Promise<CheckedRow[]> {
  const { mapping } = read.synced;
  const { where, include, paranoid, limit, offset, order, transaction } = options;
  const isGrouped = options.group !== undefined;
  const page = isGrouped ? {} : { limit, offset, order };
  if (include === undefined) {
    const key = mapping.model.primaryKeyAttribute;
    const attributes = [key, 'legacyId', 'modifiedAt', 'legacyModifiedAt'];
    const rows = await read.findRows({
      ...defined({ where, paranoid, ...page }),
      transaction,
      attributes,
      raw: true,
    });
    return (rows as Record<string, unknown>[]).map((row) => checkedRow(mapping, row));
  }
  const whole = withoutAttributes(include);
  const found = await read.findRows({
    ...defined({ where, paranoid, ...page }),
    transaction,
    include: whole,
  });
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

/** Leave out the rows whose records are gone, though something still refers to them. */
function withoutHidden<T>(knowledge: Knowledge, { synced, options }: Read<T>): ReadOptions {
  const exclude = (name: string, where: unknown): WhereOptions | undefined => {
    const hidden = knowledge.hidden.get(name);
    if (!hidden || hidden.size === 0) return where as WhereOptions | undefined;
    const notHidden = { legacyId: { [Op.notIn]: [...hidden] } };
    return where === undefined ? notHidden : ({ [Op.and]: [where, notHidden] } as WhereOptions);
  };
  return { ...options, ...defined({ where: exclude(synced.mapping.name, options.where) }) };
}

async function closeGaps(knowledge: Knowledge, gaps: Gaps): Promise<void> {
  for (const { mapping, row } of gaps.ahead) knowledge.ahead.push({ mapping, rows: [row] });
  for (const [mapping, keys] of gaps.unseen) await settleUnseen(knowledge, mapping, keys);
}

/** Each key is asked for once a call, all keys of a model together. */
async function settleUnseen(
  knowledge: Knowledge,
  mapping: Mapping,
  keys: readonly string[],
): Promise<void> {
  const { scope } = knowledge;
  const seen = setOf(knowledge.seen, mapping.name);
  const hidden = setOf(knowledge.hidden, mapping.name);
  const gone = setOf(knowledge.gone, mapping.name);
  const kept = await keptTombstones(placeOf(scope), mapping, keys);
  for (const key of kept) hidden.add(key);
  const open = keys.filter((key) => !hidden.has(key));
  if (open.length === 0) return;
  const settled = await settleAbsent(scope, mapping, {
    keys: open,
    gone: open.filter((key) => gone.has(key)),
    found: seen.size,
  });
  for (const key of settled.present) seen.add(key);
  for (const key of settled.hidden) hidden.add(key);
  knowledge.rejected.push({ mapping, records: [...settled.rejected] });
  knowledge.ahead.push({ mapping, rows: [...settled.ahead] });
}

/** Set what had to wait, and refuse to answer from rows that are not as they should be. */
async function settleRefresh(knowledge: Knowledge): Promise<void> {
  knowledge.rejected.push(...(await linkDeferred(knowledge.scope)));
  for (const { mapping, rows } of knowledge.ahead.splice(0)) refuseAhead(mapping, rows);
  for (const { mapping, records } of knowledge.rejected) {
    if (mapping.definition.onRejected === 'skip') continue;
    const [first, ...rest] = records;
    if (first) throw new RejectedRecordError(mapping.name, [first, ...rest]);
  }
}
