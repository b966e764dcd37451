import { answerBatch } from './batch/answer-batch';
import { answerSingle } from './answer-single';
import type { ReceivedRequest } from './face-request';
import type { Face, FaceAnswer } from './faces/face';
import type { Faults } from './faults';
import type { OpenEntry } from './journal';
import type { Store } from './store/store';

/** What handling a request works with. */
export interface Handling {
  readonly face: Face;
  readonly store: Store;
  readonly faults: Faults;
  readonly entry: OpenEntry;
}

/** Let the face answer, refusals in its own shape, and note whether the store changed. */
export function handle(handling: Handling, received: ReceivedRequest): FaceAnswer {
  const { face, store, entry } = handling;
  const before = store.version;
  try {
    return received.batch === undefined
      ? answerSingle(face, received)
      : answerBatch({ ...handling, batch: received.batch }, received);
  } finally {
    entry.applied = store.version !== before;
  }
}
