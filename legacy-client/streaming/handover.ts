interface Waiting<T> {
  readonly item: T;
  taken(): void;
}

/**
 * Hands items from one that makes them to one that takes them, with one item in between: the maker
 * waits until the one before is taken. So neither is ahead of the other by more than that.
 */
export class Handover<T> {
  #waiting: Waiting<T> | undefined;
  #isEnded = false;
  #wake: (() => void) | undefined;

  /** @returns when there is room for the next one; at once when nobody takes any more. */
  async put(item: T): Promise<void> {
    if (this.#isEnded) return;
    await new Promise<void>((taken) => {
      this.#waiting = { item, taken };
      this.#wake?.();
    });
  }

  /** Nothing comes any more, or nobody takes any more. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
    this.#waiting?.taken();
  }

  /** The items, up to the end. */
  async *items(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const waiting = this.#waiting;
      if (waiting) {
        this.#waiting = undefined;
        waiting.taken();
        yield waiting.item;
      } else if (this.#isEnded) {
        return;
      } else {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
        this.#wake = undefined;
      }
    }
  }
}
