import { currentFrame, runInFrame } from './context';

/** What is told of a call that begins when its transaction is being ended. */
export const endedAlready =
  'The transaction is being ended, or has ended. Await every write before its transaction ends.';

/** A call that is under way, as the code that it runs knows it. */
class Call {
  isOver = false;

  constructor(readonly owner: UnderWay) {}
}

/**
 * What is under way in a transaction, whether its caller awaits it or not. The end of the transaction
 * waits for it, and from then on nothing begins.
 */
export class UnderWay {
  readonly #calls = new Set<Promise<unknown>>();
  #begun = 0;
  #isClosed = false;

  /** Whether nothing may begin any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the code that is running now belongs to a call that is under way: it cannot wait for it. */
  get isWithin(): boolean {
    const { calls = [] } = currentFrame();
    return calls.some((call) => call instanceof Call && call.owner === this && !call.isOver);
  }

  /** How many calls have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** Run a call that is waited for. @throws Error when nothing may begin any more. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      throw new Error(endedAlready);
    }
    this.#begun += 1;
    const own = new Call(this);
    const call = runInFrame({ calls: [...(currentFrame().calls ?? []), own] }, body);
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
      own.isOver = true;
    }
  }

  /** Wait until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
  }

  /** From now on nothing begins. */
  close(): void {
    this.#isClosed = true;
  }
}
