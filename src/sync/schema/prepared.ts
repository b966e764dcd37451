import { QueryTypes, type Sequelize } from 'sequelize';
import { NotConnectedError } from '../errors';

/** Knows whether the library's own tables are there; asks the database until they are. */
export class Prepared {
  #isKnown = false;

  constructor(private readonly pool: Sequelize) {}

  /** The same for what concerns all models, of which the first is named. */
  async requireFor(models: Iterable<string>): Promise<void> {
    for (const model of models) return this.require(model);
  }

  /** @throws NotConnectedError when `dualWrite.prepare()` has not been run on this database. */
  async require(model: string): Promise<void> {
    if (this.#isKnown) return;
    const [row] = await this.pool.query<{ ready: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_attribute
                       WHERE attrelid = to_regclass('dual_write_intents') AND attname = 'lock_id')
          AND to_regclass('record_versions') IS NOT NULL AS ready`,
      { type: QueryTypes.SELECT, transaction: null },
    );
    if (!row?.ready) {
      throw new NotConnectedError(
        "The library's own tables are not in this database, or older than it. Call await " +
          'dualWrite.prepare() once before the first call.',
        { model },
      );
    }
    this.#isKnown = true;
  }
}
