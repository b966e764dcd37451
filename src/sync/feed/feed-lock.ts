import type { Sequelize } from 'sequelize';
import { openPool } from '../pool';
import type { Runtime } from '../runtime';

/** One number for all feeds of all processes; an arbitrary one beside that of `prepare`. */
const lockSpace = 4_711_003;

/**
 * Connections for the locks of feeds. They are held while the CRM answers, so they must not be those
 * that its answers are stored with.
 */
const lockConnections = 2;

/** Lets one process at a time pull the feed of a model. */
export class FeedLocks {
  #pool: Sequelize | undefined;

  constructor(private readonly runtime: Pick<Runtime, 'sequelize' | 'logger'>) {}

  /** Run when nobody else on this database holds the lock of this model's feed. */
  async hold<T>(model: string, body: () => Promise<T>): Promise<T> {
    this.#pool ??= openPool(this.runtime.sequelize, lockConnections);
    const turn = await this.#pool.transaction({ transaction: null });
    try {
      // NOTE: two integers, so that no lock of an intent (one bigint) can be the same.
      await this.#pool.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', {
        bind: [lockSpace, model],
        transaction: turn,
      });
      return await body();
    } finally {
      // A lock that was lost with its connection harms nothing: the state is kept in order of time.
      await turn.rollback().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.runtime.logger?.debug({ model, reason }, 'The lock of a feed was lost');
      });
    }
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}
