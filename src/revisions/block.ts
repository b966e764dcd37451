import { currentFrame, runInFrame } from '../model/context';
import type { RevisionDetails } from '../model/history';
import { randomUUID } from 'node:crypto';

/**
 * Run a block whose changes, in however many transactions, belong to one revision.
 *
 * A block inside another one belongs to the outer one's revision: what it says of `user` and
 * `comment` completes or replaces what was said before, `meta` key by key, from then on and for the
 * whole revision. It is written with the next transaction that commits a change. A block that
 * changes nothing leaves no revision; without a block each transaction has a revision of its own.
 *
 * @returns what the block returns. An error passes through; committed transactions stay.
 */
export async function revision<T>(
  details: RevisionDetails,
  block: () => Promise<T> | T,
): Promise<T> {
  // The outermost block's revision is shared by reference: what commits later knows all details.
  const outer = currentFrame().revision;
  if (!outer) return runInFrame({ revision: { id: randomUUID(), ...given(details) } }, block);
  const meta = details.meta && { meta: { ...outer.meta, ...details.meta } };
  Object.assign(outer, given(details), meta);
  return block();
}

function given({ user, comment, meta }: RevisionDetails): RevisionDetails {
  return {
    ...(user !== undefined && { user }),
    ...(comment !== undefined && { comment }),
    ...(meta !== undefined && { meta }),
  };
}
