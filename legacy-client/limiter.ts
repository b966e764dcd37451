/** Lets a few tasks run at a time; the others wait in their order. */
export class Limiter {
  private running = 0;
  private pausedUntil = 0;
  private wakeUp: NodeJS.Timeout | undefined;
  private readonly waiting = new Set<() => void>();

  /** @param maxRunning - from 1. */
  constructor(private readonly maxRunning: number) {}

  /**
   * Run a task when its turn comes.
   *
   * @param signal - leaves the queue when it is aborted before; rejects with its reason.
   */
  async run<Result>(task: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    await this.turn(signal);
    try {
      return await task();
    } finally {
      this.running -= 1;
      this.advance();
    }
  }

  /** Start nothing new for a while; a longer pause that is under way stays. */
  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + milliseconds);
  }

  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        this.waiting.delete(start);
        signal?.removeEventListener('abort', leave);
        this.running += 1;
        resolve();
      };
      const leave = (): void => {
        this.waiting.delete(start);
        reject(reasonOf(signal));
      };
      if (signal?.aborted === true) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.add(start);
      this.advance();
    });
  }

  private advance(): void {
    for (const start of this.waiting) {
      if (this.running >= this.maxRunning || this.isPaused()) return;
      start();
    }
  }

  private isPaused(): boolean {
    const left = this.pausedUntil - Date.now();
    if (left <= 0) return false;
    this.wakeUp ??= setTimeout(() => {
      this.wakeUp = undefined;
      this.advance();
    }, left);
    return true;
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('Given up by the caller');
}
