import { QueryTypes, type Sequelize } from 'sequelize';

const trustMs = 60_000;

/** What two clocks may drift apart in that time, and what is lost to whole milliseconds. */
const driftMs = 10;

/**
 * The database's clock, without asking it each time: processes on several machines must agree on
 * which of two answers was asked for first.
 */
export class DatabaseClock {
  #offsetMs = 0;
  #errorMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly sequelize: Sequelize) {}

  /** The present by the database's clock; measured once a minute, exact to a few milliseconds. */
  async now(): Promise<Date> {
    if (performance.now() - this.#measuredAt > trustMs) await this.#measure();
    return new Date(performance.now() + this.#offsetMs);
  }

  /** A time that the database's clock has certainly not passed yet; a little later than `now`. */
  async nowAtMost(): Promise<Date> {
    const now = await this.now();
    return new Date(now.getTime() + this.#errorMs);
  }

  async #measure(): Promise<void> {
    // NOTE: not the machine's clock, which may be set while an offset is trusted.
    const before = performance.now();
    const [row] = await this.sequelize.query<{ now: Date }>('SELECT clock_timestamp() AS now', {
      type: QueryTypes.SELECT,
      transaction: null,
    });
    this.#measuredAt = performance.now();
    const middle = (before + this.#measuredAt) / 2;
    if (row) this.#offsetMs = row.now.getTime() - middle;
    this.#errorMs = (this.#measuredAt - before) / 2 + driftMs;
  }
}
