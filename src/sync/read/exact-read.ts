import type { Transaction, TransactionOptions } from 'sequelize';
import { transactionOf } from '../../model/context';
import { SyncError } from '../errors';
import { Coverage } from '../feed/coverage';
import { rememberRefreshes } from '../feed/remember';
import { boundOf } from '../query/bound-of-options';
import { placeOf, refreshScope, type RefreshScope } from '../refresh/scope';
import { isReplicated } from '../pool';
import type { Mapping } from '../../mapping';
import type { Runtime, Synced } from '../runtime';
import { LegacyUnit } from '../write/legacy-unit';
import {
  allGaps,
  answerThenCheck,
  checkThenAnswer,
  joinedGaps,
  type Answering,
  type Read,
} from './answer';
import { EarlyAnswer } from './early-answer';
import { decidesByIncludes } from './joined-conditions';
import { legacyCount } from './legacy-count';
import { refreshBelow } from './late-rows';
import { legacyPage, type LegacyPage } from './page';
import { refreshLeg, type Knowledge } from './legs';
import { effectiveOptions } from './sequelize-internals';
import { closeGaps, settleRefresh } from './settle-gaps';
import type { Gaps } from './verify';

/**
 * Rests between rounds, in milliseconds. Each round settles what the one before found; what still
 * changes after the last changes all the time.
 */
const restsMs = [0, 10, 50, 200, 400];

/** Of a page, each round may uncover rows that the next one settles. */
const manyRounds = Array.from({ length: 50 }, () => 0);

/** Answer a read exactly; in a transaction, after the writes that were begun before. */
export async function readExactly<T>(read: Read<T>): Promise<T> {
  await read.synced.runtime.prepared.require(read.synced.mapping.name);
  const transaction = transactionOf(read.options);
  refuseReplica(read.synced, transaction);
  const unit = transaction && LegacyUnit.of(read.synced.runtime, transaction);
  const { runtime } = read.synced;
  const { maxAgeMs } = read;
  const since = maxAgeMs === undefined ? undefined : await agedSince(runtime, maxAgeMs);
  const caller: Caller = { transaction, unit, since, mayCover: true };
  return unit ? unit.lane.run(() => answerExactly(read, caller)) : answerExactly(read, caller);
}

/** @throws SyncError in a transaction that Sequelize has begun on a replica. */
function refuseReplica({ runtime, mapping }: Synced, transaction: Transaction | undefined): void {
  const { options } = (transaction ?? {}) as { options?: TransactionOptions };
  if (!options?.readOnly || !isReplicated(runtime.sequelize)) return;
  throw new SyncError(
    'A read-only transaction runs on a replica, which may lack what this read stores. Leave ' +
      "readOnly out, or read with { freshness: 'local' }.",
    { model: mapping.name },
  );
}

async function agedSince({ clock }: Runtime, maxAgeMs: number): Promise<Date> {
  const now = await clock.now();
  return new Date(now.getTime() - maxAgeMs);
}

/** Who reads, and what suits them. */
interface Caller {
  readonly transaction: Transaction | undefined;
  readonly unit: LegacyUnit | undefined;
  /** The answer may be as old as this; undefined: not older than the call. */
  readonly since: Date | undefined;
  /** Parts may be answered without a request. */
  readonly mayCover: boolean;
}

/**
 * Answer a read so that each row is as the legacy system had it during the call: refresh what the
 * query may need, let Sequelize answer from the local table, and check that every row of the answer
 * is vouched for by what was fetched; settle what is not, and answer again.
 */
async function answerExactly<T>(read: Read<T>, caller: Caller): Promise<T> {
  const { runtime, mapping } = read.synced;
  const { transaction, unit, since, mayCover } = caller;
  const scope = refreshScope(runtime, transaction, unit);
  const effective = await effectiveOptions(read.model, read.options, read.givesRows);
  const bound = await boundOf(runtime, placeOf(scope), { mapping, where: effective.where });
  const page = legacyPage(read.synced, bound, effective);
  const marks: Pick<Knowledge, 'seen' | 'hidden' | 'gone'> = {
    ...{ seen: new Map(), hidden: new Map(), gone: new Map() },
  };
  const { includes, where } = effective;
  const coverage = mayCover
    ? Coverage.of({ ...marks, scope, since }, mapping, includes)
    : undefined;
  if (!coverage) {
    const count = await legacyCount({ read, effective, bound, transaction });
    if (count !== undefined) return count as T;
  }
  // What is read before a feed has been followed is not the answer.
  const early = coverage ? undefined : EarlyAnswer.of(read, effective, transaction);
  const knowledge: Knowledge = {
    ...{ scope, early, coverage, ...marks },
    ...{ rejected: [], ahead: [], refreshes: [] },
  };
  read.observe?.(knowledge);
  try {
    const asked = page && withRoomForPending(page, scope, mapping);
    await refreshLeg(knowledge, { mapping, bound, includes, page: asked, root: { where } });
    await settleRefresh(knowledge);
    await rememberRefreshes(scope, { ...knowledge, isShared: since !== undefined });
    const accepted = await early?.accepted(knowledge);
    if (accepted) return accepted.value;
    const answering = { read, knowledge, effective, page, early };
    if (decidesByIncludes(effective)) {
      await settle(answering, await joinedGaps(answering, transaction));
    }
    const answered = await answerInRounds(answering, transaction);
    return answered ? answered.value : await answerExactly(read, { ...caller, mayCover: false });
  } finally {
    await early?.settled();
  }
}

/** Of the first records there, those that this transaction is going to change may not be first here. */
function withRoomForPending(page: LegacyPage, scope: RefreshScope, mapping: Mapping): LegacyPage {
  return { ...page, top: page.top + (scope.pendingKeys.get(mapping)?.size ?? 0) };
}

/** What is ahead here may agree with the legacy system by now, or give way to it. */
function mustAsk({ coverage }: Knowledge, { ahead }: Gaps): boolean {
  return ahead.length > 0 && (coverage?.isUsed ?? false);
}

/** Find out about rows that nothing vouches for, and about what belongs to them. */
async function settle<T>({ read, knowledge, effective }: Answering<T>, gaps: Gaps): Promise<void> {
  const late = await closeGaps(knowledge, gaps);
  const { mapping } = read.synced;
  await refreshBelow(knowledge, { mapping, includes: effective.includes }, late);
  await settleRefresh(knowledge);
}

/** @returns undefined when rows must be asked for after all. */
async function answerInRounds<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<{ readonly value: T } | undefined> {
  const { read, knowledge, effective, page, early } = answering;
  // A row that is gone and stands before a page moves it, without being on it.
  const showsAll = effective.isWhole && !effective.offset;
  const answer = showsAll ? answerThenCheck : checkThenAnswer;
  const rests = page ? [...manyRounds, ...restsMs] : restsMs;
  for (const restMs of rests) {
    const { result, gaps } = await answer(answering, transaction);
    if (result && (!early || (await early.stillAgrees(knowledge, result.value)))) {
      return result;
    }
    if (mustAsk(knowledge, gaps)) return undefined;
    // A page shows only the gaps on it; the rows that would move up have theirs, too.
    const isCut = effective.limit !== undefined && !page;
    const open = isCut ? await allGaps(answering, transaction) : gaps;
    await settle(answering, open);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  throw new SyncError(
    'The rows of this query changed again and again while it was being answered, or other ' +
      'transactions hold them. Try again.',
    { model: read.synced.mapping.name },
  );
}
