import { QueryTypes, type Sequelize } from 'sequelize';

const trustMs = 60_000;

/**
 * The database's clock, without asking it each time: processes on several machines must agree on
 * which of two answers was asked for first.
 */
export class DatabaseClock {
  #offsetMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly sequelize: Sequelize) {}

  /** The present by the database's clock; measured once a minute, exact to a few milliseconds. */
  async now(): Promise<Date> {
    if (performance.now() - this.#measuredAt > trustMs) await this.#measure();
    return new Date(Date.now() + this.#offsetMs);
  }

  async #measure(): Promise<void> {
    const before = Date.now();
    const [row] = await this.sequelize.query<{ now: Date }>('SELECT clock_timestamp() AS now', {
      type: QueryTypes.SELECT,
      transaction: null,
    });
    const middle = (before + Date.now()) / 2;
    if (row) this.#offsetMs = row.now.getTime() - middle;
    this.#measuredAt = performance.now();
  }
}
