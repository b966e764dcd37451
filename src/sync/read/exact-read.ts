import type { Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import { SyncError } from '../errors';
import { boundOf } from '../query/bound-of-options';
import { placeOf, refreshScope } from '../refresh/scope';
import { LegacyUnit } from '../write/legacy-unit';
import { allGaps, answerThenCheck, checkThenAnswer, type Answering, type Read } from './answer';
import { EarlyAnswer } from './early-answer';
import { legacyPage } from './page';
import { refreshLeg, type Knowledge } from './legs';
import { effectiveOptions } from './sequelize-internals';
import { closeGaps, settleRefresh } from './settle-gaps';

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
  const unit = transaction && LegacyUnit.of(read.synced.runtime, transaction);
  return unit
    ? unit.lane.run(() => answerExactly(read, transaction, unit))
    : answerExactly(read, transaction);
}

/**
 * Answer a read so that each row is as the legacy system had it during the call: refresh what the
 * query may need, let Sequelize answer from the local table, and check that every row of the answer
 * is vouched for by what was fetched; settle what is not, and answer again.
 */
async function answerExactly<T>(
  read: Read<T>,
  transaction: Transaction | undefined,
  unit?: LegacyUnit,
): Promise<T> {
  const { runtime, mapping } = read.synced;
  const scope = refreshScope(runtime, transaction, unit);
  const effective = await effectiveOptions(read.model, read.options, read.givesRows);
  const bound = await boundOf(runtime, placeOf(scope), { mapping, where: effective.where });
  const page = legacyPage(mapping, bound, effective);
  const early = EarlyAnswer.of(read, effective, transaction);
  const knowledge: Knowledge = {
    ...{ scope, early },
    ...{ seen: new Map(), hidden: new Map(), gone: new Map() },
    ...{ rejected: [], ahead: [] },
  };
  try {
    await refreshLeg(knowledge, { mapping, bound, includes: effective.includes, page });
    await settleRefresh(knowledge);
    const accepted = await early?.accepted(knowledge);
    if (accepted) return accepted.value;
    return await answerInRounds({ read, knowledge, effective, page, early }, transaction);
  } finally {
    await early?.settled();
  }
}

async function answerInRounds<T>(
  answering: Answering<T>,
  transaction: Transaction | undefined,
): Promise<T> {
  const { read, knowledge, effective, page, early } = answering;
  // A row that is gone and stands before a page moves it, without being on it.
  const showsAll = effective.isWhole && !effective.offset;
  const answer = showsAll ? answerThenCheck : checkThenAnswer;
  const rests = page ? [...manyRounds, ...restsMs] : restsMs;
  for (const restMs of rests) {
    const { result, gaps } = await answer(answering, transaction);
    if (result && (!early || (await early.stillAgrees(knowledge, result.value)))) {
      return result.value;
    }
    // A page shows only the gaps on it; the rows that would move up have theirs, too.
    const isCut = effective.limit !== undefined && !page;
    await closeGaps(knowledge, isCut ? await allGaps(answering, transaction) : gaps);
    await settleRefresh(knowledge);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  throw new SyncError(
    'The rows of this query changed again and again while it was being answered, or other ' +
      'transactions hold them. Try again.',
    { model: read.synced.mapping.name },
  );
}
