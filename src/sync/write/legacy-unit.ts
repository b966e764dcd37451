import type { Transaction } from 'sequelize';
import { UnitOfWork, type Participant, type UnitOutcome } from '../../model/unit-of-work';
import { DualWriteError, InDoubtError } from '../errors';
import { settleUnit, type Settlement } from '../recovery/settle-unit';
import type { Mapping } from '../../mapping';
import { noteKnown } from '../refresh/store';
import type { Runtime } from '../runtime';
import { deliver } from './deliver';
import { awaitSettled, endIntents, noteIntents } from './intents';
import { Lane } from './lane';
import { named, type DestroyStep, type Step } from './steps';

/** A delete that was called off, with the savepoints that were open then. */
interface Kept {
  readonly removal: DestroyStep;
  readonly savepoints: ReadonlySet<Transaction>;
}

/**
 * The legacy side of one unit of work: what was written, so that it can be taken back when the
 * transaction does not commit, and what is to be deleted, as the last thing before it does.
 *
 * | the transaction | the legacy writes |
 * | --- | --- |
 * | commits | stand |
 * | is rolled back, as a whole or to a savepoint | are undone in reverse order |
 * | was sent its COMMIT, and no answer came | are settled by whether its done rows are there |
 */
export class LegacyUnit implements Participant {
  #steps: Step[] = [];
  #noted = 0;
  readonly #removed: string[] = [];
  readonly #lane = new Lane(this);
  #kept: Kept[] = [];

  private constructor(
    private readonly runtime: Runtime,
    private readonly unit: UnitOfWork,
  ) {}

  /** The legacy side of the unit that a transaction belongs to. */
  static of(runtime: Runtime, transaction: Transaction): LegacyUnit {
    const unit = UnitOfWork.of(transaction);
    return unit.enlist(runtime, () => new LegacyUnit(runtime, unit));
  }

  /** The savepoints that are open now, to be kept with a step. */
  openSavepoints(): ReadonlySet<Transaction> {
    return this.unit.openSavepoints();
  }

  /** The lane that a write of this unit waits in. */
  get lane(): Lane {
    return Lane.of(this, this.#lane);
  }

  /** The legacy keys of the records that this unit has written, or is going to delete. */
  keys(operation?: 'destroy'): Set<string> {
    const kept = this.#kept.map(({ removal }) => removal);
    const steps = operation === 'destroy' ? this.#deletes() : [...this.#steps, ...kept];
    return new Set(steps.map(({ key }) => key));
  }

  /** The records of a model that are to be deleted when everything else has succeeded. */
  removals(mapping: Mapping): DestroyStep[] {
    return this.#deletes().filter((step) => step.mapping === mapping);
  }

  /** Do not delete a record after all. */
  keep(removal: DestroyStep): void {
    this.#steps = this.#steps.filter((step) => step !== removal);
    this.#kept.push({ removal, savepoints: this.openSavepoints() });
  }

  /** Note writes that are about to be sent. */
  async add(steps: readonly Step[]): Promise<void> {
    // A delete is noted when it is delivered: until then nothing has been sent.
    const later = steps.filter(({ operation }) => operation === 'destroy');
    await awaitSettled(this.runtime, later, this.unit.id);
    this.#steps.push(...steps);
    const sent = steps.filter(({ operation }) => operation !== 'destroy');
    if (sent.length > 0) await this.#note(sent);
  }

  async #note(steps: readonly Step[]): Promise<void> {
    const first = this.#noted;
    this.#noted += steps.length;
    const { transaction, id } = this.unit;
    try {
      await noteIntents(this.runtime, transaction, { unit: id, first, steps });
    } catch (error) {
      // Nothing was noted, because another's write is open.
      if (error instanceof InDoubtError) this.#drop(steps);
      throw error;
    }
  }

  #drop(steps: readonly Step[]): void {
    const gone = new Set(steps);
    this.#steps = this.#steps.filter((step) => !gone.has(step));
  }

  /** Forget writes that were certainly not carried out. */
  async remove(steps: readonly Step[]): Promise<void> {
    this.#drop(steps);
    const ids = steps.map(({ intentId }) => intentId);
    // Their done rows go when they can be seen: after COMMIT.
    this.#removed.push(...ids);
    await endIntents(this.runtime, ids);
  }

  /** From now on the unit can only be rolled back. */
  doom(error: Error): void {
    this.unit.doom(error);
  }

  async flush(): Promise<void> {
    // A write that its caller has not awaited belongs to the transaction all the same.
    await this.#lane.idle();
    const deletes = this.#deletes();
    if (deletes.length > 0) await this.#note(deletes);
  }

  /** Send the deletes: after everything else has succeeded, because they cannot be taken back. */
  async deliver(): Promise<void> {
    const deletes = this.#deletes();
    if (deletes.length === 0) return;
    const { transaction } = this.unit;
    await this.runtime.sequelize.query('SET CONSTRAINTS ALL IMMEDIATE', { transaction });
    await deliver(this.runtime, deletes);
    await this.#noteGone(deletes);
  }

  /** A reader whose answer is from before the delete must not bring the row back. */
  async #noteGone(deletes: readonly DestroyStep[]): Promise<void> {
    const place = { sequelize: this.runtime.sequelize, transaction: this.unit.transaction };
    const askedAt = await this.runtime.clock.now();
    const models = new Map(deletes.map(({ mapping }) => [mapping.name, mapping]));
    for (const model of models.keys()) {
      const keys = deletes.filter(({ mapping }) => mapping.name === model).map(({ key }) => key);
      await noteKnown(place, { model, keys, askedAt, gone: true });
    }
  }

  #deletes(): DestroyStep[] {
    return this.#steps.filter((step) => step.operation === 'destroy');
  }

  async rolledBackTo(savepoint: Transaction): Promise<void> {
    const gone = this.#steps.filter((step) => step.savepoints.has(savepoint));
    const again = this.#kept.filter(({ savepoints }) => savepoints.has(savepoint));
    this.#kept = this.#kept.filter(({ savepoints }) => !savepoints.has(savepoint));
    this.#steps = [...this.#steps, ...again.map(({ removal }) => removal)].filter(
      (step) => !step.savepoints.has(savepoint),
    );
    try {
      await this.#settle(gone);
    } catch (error) {
      // What could not be taken back is settled with the whole unit, which cannot commit any more.
      this.#steps.push(...gone);
      if (error instanceof Error) this.doom(error);
      throw error;
    }
  }

  async ended(outcome: UnitOutcome): Promise<'committed' | undefined> {
    await this.#lane.idle();
    const steps = this.#steps;
    if (outcome === 'committed') {
      this.runtime.ended.keep([...steps.map(({ intentId }) => intentId), ...this.#removed]);
      return undefined;
    }
    const [step] = steps;
    if (!step) return undefined;
    const settlement = await this.#settle(steps);
    if (outcome === 'unknown' && settlement === 'committed') return 'committed';
    if (outcome === 'rolled back') return undefined;
    throw new DualWriteError(notCommitted[outcome], { ...named(step), legacy: 'undone' });
  }

  async #settle(steps: readonly Step[]): Promise<Settlement | undefined> {
    const [first] = steps;
    if (!first) return undefined;
    const failures: unknown[] = [];
    const settlement = await this.#trySettling(first, steps, (error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    if (settlement !== 'left alone') return settlement;
    throw new InDoubtError(
      'Whether the local transaction has ended is not known yet. Recovery settles the write.',
      named(first),
    );
  }

  async #trySettling(
    first: Step,
    steps: readonly Step[],
    onFailure: (error: unknown) => void,
  ): Promise<Settlement> {
    try {
      return await settleUnit(this.runtime, steps, onFailure);
    } catch (cause) {
      throw new InDoubtError(
        'What became of the local transaction cannot be asked now. Recovery settles the write.',
        { ...named(first), cause },
      );
    }
  }
}

const notCommitted = {
  aborted:
    'A statement of this transaction had failed before, so PostgreSQL rolled it back instead of ' +
    'committing it. Let such an error leave the transaction, or use a savepoint.',
  unknown:
    'The local transaction was not committed: its connection was lost. What it had written to the ' +
    'legacy system has been taken back.',
};
