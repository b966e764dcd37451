/** An exchange that has not been sent yet, and who waits for it. */
interface Waiting {
  readonly members: unknown[];
  readonly answer: Promise<unknown>;
}

interface Lane {
  running: Promise<unknown> | undefined;
  waiting: Waiting | undefined;
}

/**
 * Equal requests are shared, but a call joins only an exchange that had not been sent when the call
 * began: an answer from before the call could be stale. So for each request there is at most one
 * under way and one waiting, and newcomers share the waiting one.
 */
export class SharedExchanges {
  readonly #lanes = new Map<string, Lane>();

  /** Join the exchange that is waiting under this name, or put one there. */
  share<T>(name: string, send: () => Promise<T>): Promise<T> {
    return this.join(name, undefined, send);
  }

  /** The same for exchanges that must know who has joined them when they are sent. */
  join<M, T>(name: string, member: M, send: (members: readonly M[]) => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(name) ?? { running: undefined, waiting: undefined };
    this.#lanes.set(name, lane);
    if (!lane.waiting) {
      const members: M[] = [];
      lane.waiting = { members, answer: this.#sendAfter(name, lane, () => send(members)) };
    }
    lane.waiting.members.push(member);
    return lane.waiting.answer as Promise<T>;
  }

  /** Whether an exchange of this name is about to be sent. */
  isAwaited(name: string): boolean {
    return this.#lanes.get(name)?.waiting !== undefined;
  }

  async #sendAfter<T>(name: string, lane: Lane, send: () => Promise<T>): Promise<T> {
    // Even a first request waits for the end of the tick: calls made together are one request.
    await new Promise((resolve) => setImmediate(resolve));
    while (lane.running) await lane.running.catch(() => undefined);
    lane.waiting = undefined;
    const answer = send();
    lane.running = answer;
    try {
      return await answer;
    } finally {
      lane.running = undefined;
      this.#forgetIdle(name, lane);
    }
  }

  #forgetIdle(name: string, lane: Lane): void {
    if (!lane.waiting) this.#lanes.delete(name);
  }
}
