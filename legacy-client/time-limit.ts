/** A signal that fires at the caller's wish or when the time is over. */
export class TimeLimit {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;
  private readonly give = (): void => {
    this.controller.abort();
  };
  isOver = false;

  constructor(
    private leftMs: number,
    readonly caller: AbortSignal | undefined,
  ) {
    this.start();
    if (caller?.aborted === true) this.give();
    caller?.addEventListener('abort', this.give, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Do not count the time that something of our own takes; returns that. */
  async without(own: Promise<void>): Promise<number> {
    clearTimeout(this.timer);
    const pausedAt = performance.now();
    this.leftMs = Math.max(1, this.leftMs - (pausedAt - this.startedAt));
    await own;
    this.start();
    return performance.now() - pausedAt;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.give);
  }

  private start(): void {
    this.startedAt = performance.now();
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.give();
    }, this.leftMs);
  }
}
