import { currentFrame, runInFrame } from '../../model/context';

/**
 * Writes of one transaction that wait for each other: their savepoints must not overlap, or the
 * rollback of one would silently take another's changes with it. A write that another causes (the
 * children of `create({ include })`, a hook's own saves) runs inside it, in a lane of its own.
 */
export class Lane {
  #end: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(
    private readonly owner: object,
    private readonly outer?: Lane,
  ) {}

  /**
   * The lane to wait in: the enclosing write's, when it belongs to the same owner; of one that is over,
   * since what it has caused was not awaited, the next that is not.
   */
  static of(owner: object, outermost: Lane): Lane {
    const { write } = currentFrame();
    let lane = write instanceof Lane && write.owner === owner ? write : undefined;
    while (lane && lane.#isOver) lane = lane.outer;
    return lane ?? outermost;
  }

  /** Wait until nothing runs or waits in it. */
  async idle(): Promise<void> {
    let end: Promise<unknown> | undefined;
    while (end !== this.#end) {
      end = this.#end;
      await end;
    }
  }

  /** Run when those before have ended, however they did, and wait for the writes that it causes. */
  run<T>(body: () => Promise<T>): Promise<T> {
    const inner = new Lane(this.owner, this);
    const result = this.#end.then(() =>
      runInFrame({ write: inner }, body).finally(() => inner.#close()),
    );
    this.#end = result.catch(() => undefined);
    return result;
  }

  async #close(): Promise<void> {
    let end: Promise<unknown> | undefined;
    while (end !== this.#end) {
      end = this.#end;
      await end;
    }
    this.#isOver = true;
  }
}
