import { QueryTypes, type Transaction } from 'sequelize';
import { LegacyNotFoundError } from '../../../legacy-client';
import { UnitOfWork, type Participant, type UnitOutcome } from '../../model/unit-of-work';
import { DualWriteError } from '../errors';
import { removeGone } from '../refresh/absence';
import { refreshScope } from '../refresh/scope';
import type { Runtime } from '../runtime';
import { Lane } from './lane';
import type { DestroyStep, Step } from './steps';
import { undo } from './undo';

/**
 * The legacy side of one unit of work: what was written, so that it can be taken back when the
 * transaction does not commit, and what is to be deleted, as the last thing before it does.
 *
 * | the transaction | the legacy writes |
 * | --- | --- |
 * | commits | stand |
 * | is rolled back, as a whole or to a savepoint | are undone in reverse order |
 * | was sent its COMMIT, and no answer came | are settled by what the database says of it |
 */
export class LegacyUnit implements Participant {
  #steps: Step[] = [];
  #transactionId: string | undefined;
  readonly #lane = new Lane(this);

  private constructor(
    private readonly runtime: Runtime,
    private readonly unit: UnitOfWork,
  ) {}

  /** The legacy side of the unit that a transaction belongs to. */
  static of(runtime: Runtime, transaction: Transaction): LegacyUnit {
    return UnitOfWork.of(transaction).enlist(runtime, (unit) => new LegacyUnit(runtime, unit));
  }

  /** The savepoints that are open now, to be kept with a step. */
  openSavepoints(): ReadonlySet<Transaction> {
    return this.unit.openSavepoints();
  }

  /** The lane that a write of this unit waits in. */
  get lane(): Lane {
    return Lane.of(this, this.#lane);
  }

  /** Note a write that was sent. */
  add(step: Step): void {
    this.#steps.push(step);
  }

  /** Forget a write that was certainly not carried out. */
  remove(step: Step): void {
    this.#steps = this.#steps.filter((other) => other !== step);
  }

  /** Take one write back at once. */
  async undoNow(step: Step): Promise<void> {
    await this.#undo([step]);
    this.remove(step);
  }

  /** From now on the unit can only be rolled back. */
  doom(error: Error): void {
    this.unit.doom(error);
  }

  /** Ask for the transaction's number, by which the database knows its outcome later. */
  async flush(): Promise<void> {
    const [row] = await this.runtime.sequelize.query<{ id: string }>(
      'SELECT pg_current_xact_id()::text AS id',
      { type: QueryTypes.SELECT, transaction: this.unit.transaction },
    );
    this.#transactionId = row?.id;
  }

  /** Send the deletes: after everything else has succeeded, because they cannot be taken back. */
  async deliver(): Promise<void> {
    const deletes = this.#deletes();
    if (deletes.length === 0) return;
    const { transaction } = this.unit;
    await this.runtime.sequelize.query('SET CONSTRAINTS ALL IMMEDIATE', { transaction });
    for (const step of deletes) {
      await this.#delete(step);
      step.isDelivered = true;
    }
  }

  async #delete({ mapping, key }: DestroyStep): Promise<void> {
    try {
      await this.runtime.client.delete(mapping.entity, key);
    } catch (error) {
      if (!(error instanceof LegacyNotFoundError)) throw error;
    }
  }

  #deletes(): DestroyStep[] {
    return this.#steps.filter((step) => step.operation === 'destroy');
  }

  async rolledBackTo(savepoint: Transaction): Promise<void> {
    const gone = this.#steps.filter((step) => step.savepoints.has(savepoint));
    this.#steps = this.#steps.filter((step) => !step.savepoints.has(savepoint));
    await this.#undo(gone);
  }

  async ended(outcome: UnitOutcome): Promise<void> {
    const known = outcome === 'unknown' ? await this.#askOutcome() : outcome;
    if (known === 'committed') return;
    await this.#completeDeletes();
    await this.#undo(this.#steps);
    const [step] = this.#steps;
    if (known === 'aborted' && step) {
      throw new DualWriteError(
        'A statement of this transaction had failed before, so PostgreSQL rolled it back instead ' +
          'of committing it. Let such an error leave the transaction, or use a savepoint.',
        { ...named(step), legacy: 'undone' },
      );
    }
  }

  async #undo(steps: readonly Step[]): Promise<void> {
    const failures: unknown[] = [];
    for (const step of [...steps].reverse()) {
      try {
        await undo(this.runtime, step);
      } catch (error) {
        this.runtime.logger?.error('A legacy write could not be taken back', named(step));
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** What the legacy system has deleted is deleted here, too, though its transaction failed. */
  async #completeDeletes(): Promise<void> {
    const scope = refreshScope(this.runtime, undefined);
    for (const { mapping, key } of this.#deletes().filter((step) => step.isDelivered)) {
      const askedAt = await this.runtime.clock.now();
      await removeGone(scope, mapping, { keys: [key], askedAt });
    }
  }

  async #askOutcome(): Promise<UnitOutcome> {
    const [step] = this.#steps;
    if (!step) return 'committed';
    try {
      const [row] = await this.runtime.pool.query<{ status: string | null }>(
        'SELECT pg_xact_status($1::xid8) AS status',
        { bind: [this.#transactionId], type: QueryTypes.SELECT, transaction: null },
      );
      if (row?.status === 'committed') return 'committed';
      if (row?.status === 'aborted') return 'rolled back';
      throw new Error(`The database says: ${row?.status ?? 'nothing'}.`);
    } catch (error) {
      throw new DualWriteError('Whether the local transaction was committed is not known yet.', {
        ...named(step),
        legacy: 'applied',
        cause: error,
      });
    }
  }
}

function named({ mapping, id, key, operation }: Step): {
  model: string;
  id: unknown;
  legacyId: string;
  operation: string;
} {
  return { model: mapping.name, id, legacyId: key, operation };
}
