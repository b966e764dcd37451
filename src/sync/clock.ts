import { QueryTypes, type Sequelize } from 'sequelize';

const trustMs = 60_000;

/** What two clocks may drift apart in that time, and what is lost to whole milliseconds. */
const driftMs = 10;

/** A look that takes longer says little: PostgreSQL or this process was busy, and who knows when. */
const promptMs = 20;
const mostLooks = 3;

/**
 * The database's clock, without asking it each time: processes on several machines must agree on
 * which of two answers was asked for first.
 */
export class DatabaseClock {
  #offsetMs = 0;
  #errorMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  constructor(private readonly sequelize: Sequelize) {}

  /** The present by the database's clock; measured once a minute, exact to a few milliseconds. */
  async now(): Promise<Date> {
    if (performance.now() - this.#measuredAt > trustMs) {
      this.#measuring ??= this.#measure().finally(() => {
        this.#measuring = undefined;
      });
      await this.#measuring;
    }
    return new Date(performance.now() + this.#offsetMs);
  }

  /** A time that the database's clock has certainly not passed yet; a little later than `now`. */
  async nowAtMost(): Promise<Date> {
    const now = await this.now();
    return new Date(now.getTime() + this.#errorMs);
  }

  /** Of a few looks, the quickest is the most exact. */
  async #measure(): Promise<void> {
    let shortestMs = Number.POSITIVE_INFINITY;
    for (let look = 0; look < mostLooks && shortestMs > promptMs; look += 1) {
      // NOTE: not the machine's clock, which may be set while an offset is trusted.
      const before = performance.now();
      const [row] = await this.sequelize.query<{ now: Date }>('SELECT clock_timestamp() AS now', {
        type: QueryTypes.SELECT,
        transaction: null,
      });
      const tookMs = performance.now() - before;
      if (!row || tookMs >= shortestMs) continue;
      shortestMs = tookMs;
      this.#offsetMs = row.now.getTime() - (before + tookMs / 2);
      this.#errorMs = tookMs / 2 + driftMs;
    }
    this.#measuredAt = performance.now();
  }
}
