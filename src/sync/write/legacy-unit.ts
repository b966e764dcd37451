import type { Transaction } from 'sequelize';
import { UnitOfWork, type Participant, type UnitOutcome } from '../../model/unit-of-work';
import { InDoubtError } from '../errors';
import { settleUnit, type Settlement } from '../recovery/settle-unit';
import type { Mapping } from '../../mapping';
import { noteKnown } from '../refresh/store';
import type { Runtime } from '../runtime';
import { deliverUntilMet } from './deliver';
import { awaitSettled, endIntents, noteIntents } from './intents';
import { Lane } from './lane';
import { PendingWrites, type Follower, type KeysByMapping } from './pending/pending-writes';
import { isDestroy, type Planned } from './pending/planned';
import type { Reservation } from './reservation';
import type { DestroyStep, Step } from './steps';
import {
  begunTooLate,
  cannotBeAsked,
  notEndedYet,
  rolledBackOnly,
  settledElsewhere,
  undoneWith,
} from './unit-endings';

/** Sends all that a unit has planned, and has the rows hold what came of it. */
export type SendPlanned = (unit: LegacyUnit, planned: readonly Planned[]) => Promise<void>;

/**
 * The legacy side of one unit of work: what was written, so that it can be taken back when the
 * transaction does not commit, and what is planned: to be sent when everything else has succeeded.
 *
 * | a write | is sent |
 * | --- | --- |
 * | create or update, `writes: 'immediate'` | with its call |
 * | delete, `writes: 'immediate'` | as the last thing before COMMIT |
 * | any, `writes: 'changeset'` | before COMMIT, all as one changeset, before the versions are written |
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
  readonly #pending = new PendingWrites();
  #deletes: DestroyStep[] = [];
  #send: SendPlanned | undefined;

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

  /** The transaction that it belongs to. */
  get transaction(): Transaction {
    return this.unit.transaction;
  }

  /** The legacy keys of the records that this unit has written, or is going to write. */
  keys(): Set<string> {
    return new Set([...this.#steps.map(({ key }) => key), ...this.#pending.touchedKeys()]);
  }

  /** Those of records that the legacy system does not have yet as they are here. */
  pendingKeys(): KeysByMapping {
    return this.#pending.keys();
  }

  /** What is going to be done to one record, by the key of its row. */
  planned(mapping: Mapping, key: string): Planned | undefined {
    return this.#pending.of(mapping, key);
  }

  /** All that is planned, as it was made. */
  get allPlanned(): readonly Planned[] {
    return this.#pending.all;
  }

  /** The records of a model that are to be deleted when everything else has succeeded. */
  removals(mapping: Mapping): DestroyStep[] {
    return this.#pending.removals(mapping);
  }

  /** Do not delete a record after all. */
  keep(removal: DestroyStep): void {
    this.#pending.keep(removal, this.openSavepoints());
  }

  /**
   * Run a call that writes: the end of the transaction waits for it from now on.
   *
   * @throws SyncError
   */
  async hold<T>(model: string, body: () => Promise<T>): Promise<T> {
    this.requireOpen(model);
    return this.unit.hold(body);
  }

  /**
   * @throws SyncError when what comes now would be lost: the transaction is being ended, or has ended, or
   * can only be rolled back.
   */
  requireOpen(model: string): void {
    const { isClosed, doomedBy } = this.unit;
    if (isClosed) throw begunTooLate(model);
    if (doomedBy) throw rolledBackOnly(model, doomedBy);
  }

  /**
   * Have writes sent at the end. They are noted then: until then nothing has been sent.
   *
   * @param send - sends all that is planned; without it deletes go as the last thing before COMMIT.
   * @throws InDoubtError when an earlier write on one of the records stays open.
   */
  async plan(planned: readonly Planned[], send?: SendPlanned): Promise<void> {
    const steps = planned.map(({ step }) => step);
    await awaitSettled(this.runtime, steps, this.unit.id);
    this.#pending.add(planned);
    this.#send ??= send;
  }

  /**
   * Have a result show what the rows hold: now, and again when what is planned has been sent.
   *
   * @param transaction - of the write that has just been made.
   */
  async follow(transaction: Transaction, show: Follower): Promise<void> {
    await show(transaction);
    if (this.#send) this.#pending.follow(show, this.openSavepoints());
  }

  /**
   * Note writes that are about to be sent.
   *
   * @param reservation - for a write that is noted alone, unless another has it.
   */
  async add(steps: readonly Step[], reservation?: Reservation): Promise<void> {
    this.#steps.push(...steps);
    if (steps.length > 0) await this.#note(steps, reservation);
  }

  async #note(steps: readonly Step[], reservation?: Reservation): Promise<void> {
    const first = this.#noted;
    this.#noted += steps.length;
    const lockId = reservation?.lockFor(steps);
    const { transaction, id } = this.unit;
    try {
      await noteIntents(this.runtime, transaction, { unit: id, first, steps, lockId });
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

  /** Forget a done row that has no intent, when it can be seen. */
  forget(intentId: string): void {
    this.#removed.push(intentId);
  }

  /** From now on the unit can only be rolled back. */
  doom(error: Error): void {
    this.unit.doom(error);
  }

  async complete(): Promise<void> {
    const send = this.#send;
    // One that begins while these are sent waits for that, and is sent then.
    if (send && this.#pending.all.length > 0) await this.#lane.run(() => this.#complete(send));
  }

  async #complete(send: SendPlanned): Promise<void> {
    const planned = this.#pending.folded;
    if (planned.length > 0) await send(this, planned);
    this.#pending.take();
    for (const show of this.#pending.followers) await show(this.transaction);
  }

  async flush(): Promise<void> {
    this.#deletes = this.#pending
      .take()
      .filter(isDestroy)
      .map(({ step }) => step);
    await this.add(this.#deletes);
  }

  /** Send the deletes: after everything else has succeeded, because they cannot be taken back. */
  async deliver(): Promise<void> {
    if (this.#deletes.length === 0) return;
    await this.checkConstraints();
    await deliverUntilMet(this.runtime, this.#deletes, async ({ met, gone }) => {
      await this.add(met);
      await this.remove(gone);
    });
    await this.noteGone(this.#deletes);
  }

  /** Have PostgreSQL refuse now what it would refuse at COMMIT. */
  async checkConstraints(): Promise<void> {
    const { transaction } = this.unit;
    await this.runtime.sequelize.query('SET CONSTRAINTS ALL IMMEDIATE', { transaction });
  }

  /** A reader whose answer is from before the delete must not bring the row back. */
  async noteGone(deletes: readonly DestroyStep[]): Promise<void> {
    const place = { sequelize: this.runtime.sequelize, transaction: this.unit.transaction };
    const askedAt = await this.runtime.clock.now();
    const models = new Map(deletes.map(({ mapping }) => [mapping.name, mapping]));
    for (const model of models.keys()) {
      const keys = deletes.filter(({ mapping }) => mapping.name === model).map(({ key }) => key);
      await noteKnown(place, { model, keys, askedAt, gone: true });
    }
  }

  async rolledBackTo(savepoint: Transaction): Promise<void> {
    const gone = this.#steps.filter((step) => step.savepoints.has(savepoint));
    this.#steps = this.#steps.filter((step) => !step.savepoints.has(savepoint));
    this.#pending.rolledBackTo(savepoint);
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
    // A write that has ended its own transaction, in a hook, cannot be waited for.
    if (this.lane === this.#lane) await this.#lane.idle();
    const steps = this.#steps;
    if (outcome === 'committed') {
      this.runtime.ended.keep([...steps.map(({ intentId }) => intentId), ...this.#removed]);
      return undefined;
    }
    const [step] = [...steps, ...this.#pending.all.map((planned) => planned.step)];
    if (!step) return undefined;
    const settlement = await this.#settle(steps);
    if (outcome === 'unknown' && settlement === 'committed') return 'committed';
    if (outcome === 'rolled back') return undefined;
    if (outcome === 'unknown' && settlement === 'settled already') throw settledElsewhere(step);
    throw undoneWith(outcome, step);
  }

  async #settle(steps: readonly Step[]): Promise<Settlement | undefined> {
    const [first] = steps;
    if (!first) return undefined;
    const failures: unknown[] = [];
    const settlement = await this.#trySettling(first, steps, (error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    if (settlement !== 'left alone') return settlement;
    throw notEndedYet(first);
  }

  async #trySettling(
    first: Step,
    steps: readonly Step[],
    onFailure: (error: unknown) => void,
  ): Promise<Settlement> {
    try {
      return await settleUnit(this.runtime, steps, onFailure);
    } catch (cause) {
      throw cannotBeAsked(first, cause);
    }
  }
}
