import { transactionOf } from '../../model/context';
import { SyncError } from '../errors';
import { boundOf } from '../query/bound-of-options';
import { placeOf, refreshScope } from '../refresh/scope';
import { answerThenCheck, checkThenAnswer, type Answering, type Read } from './answer';
import { refreshLeg, type Knowledge } from './legs';
import { effectiveOptions } from './sequelize-internals';
import { closeGaps, settleRefresh } from './settle-gaps';

/** Each round settles what the one before found; what still changes then changes all the time. */
const maxRounds = 5;

/**
 * Answer a read so that each row is as the legacy system had it during the call: refresh what the
 * query may need, let Sequelize answer from the local table, and check that every row of the answer
 * is vouched for by what was fetched; settle what is not, and answer again.
 */
export async function readExactly<T>(read: Read<T>): Promise<T> {
  const { runtime, mapping } = read.synced;
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
  const bound = await boundOf(runtime, placeOf(knowledge.scope), { mapping, where });
  await refreshLeg(knowledge, { mapping, bound, includes });
  await settleRefresh(knowledge);
  const answering: Answering<T> = { read, knowledge, includes };
  const answer = read.givesRows && isWhole ? answerThenCheck : checkThenAnswer;
  for (let round = 0; round < maxRounds; round += 1) {
    const { result, gaps } = await answer(answering, transaction);
    if (result) return result.value;
    await closeGaps(knowledge, gaps);
    await settleRefresh(knowledge);
  }
  throw new SyncError(
    'The rows of this query changed again and again while it was being answered. Try again.',
    { model: mapping.name },
  );
}
