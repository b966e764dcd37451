import type { Sequelize } from 'sequelize';
import type { Logger } from '../../../legacy-client';
import { endIntents } from './intents';

/** How long intents may stay noted whose transaction has committed, in milliseconds. */
const restMs = 250;

/** So many are not kept back. */
const mostKept = 1000;

/** What {@link EndedIntents} work with. */
export interface EndedIntentsParts {
  readonly pool: Sequelize;
  readonly logger: Required<Logger> | undefined;
}

/**
 * The intents of transactions that have committed, to be removed together a moment later: no caller
 * waits for that. Until then they are noted with their done rows, which says that nothing is open;
 * what a killed process leaves of them, recovery removes.
 */
export class EndedIntents {
  #kept: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #removing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: EndedIntentsParts) {}

  /** Have intents removed soon. */
  keep(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#kept.push(...ids);
    if (this.#kept.length >= mostKept) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), restMs).unref();
  }

  /** Remove all that is kept, now; what fails is left to recovery. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = this.#kept;
    this.#kept = [];
    this.#removing = this.#removing.then(() => this.#remove(ids));
    return this.#removing;
  }

  async #remove(ids: readonly string[]): Promise<void> {
    try {
      await endIntents(this.parts, ids, { isDurable: false });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.parts.logger?.warn({ reason }, 'Ended intents could not be removed yet');
    }
  }
}
