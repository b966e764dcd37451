import { randomUUID } from 'node:crypto';
import type { Sequelize, Transaction } from 'sequelize';
import { followSavepoints, type SavepointNames } from './savepoint-names';
import { isOfFailedTransaction, isRefusal } from './sql-state';
import { UnderWay } from './under-way';

/** How a unit of work ended on the database. */
export type UnitOutcome =
  | 'committed'
  | 'rolled back'
  /** Rolled back, too, but `commit` was called, and Sequelize's own would not have said so. */
  | 'aborted'
  /** COMMIT was sent and its answer was lost. */
  | 'unknown';

/**
 * A part of the library that has something to do when a transaction ends. Every method may be left
 * out. Participants are asked in the order in which they enlisted.
 */
export interface Participant {
  /** Before every `flush`: do what is still to be done, and may change rows. */
  complete?(): Promise<void>;
  /** Before COMMIT: write what has been collected. A failure here rolls everything back. */
  flush?(): Promise<void>;
  /** After every `flush`, directly before COMMIT: what cannot be taken back. */
  deliver?(): Promise<void>;
  /** The changes made while this savepoint was open are gone. */
  rolledBackTo?(savepoint: Transaction): Promise<void>;
  /**
   * The transaction has ended. What is thrown here reaches the caller of `commit`; after a
   * rollback it is thrown too, since a caller must know of what could not be undone. Of an outcome
   * that is unknown, a participant that finds out that it was a commit says so.
   */
  ended?(outcome: UnitOutcome): Promise<'committed' | undefined>;
}

interface SequelizeTransaction extends Transaction {
  readonly parent?: SequelizeTransaction | null;
  readonly savepoints: SequelizeTransaction[];
  readonly finished?: 'commit' | 'rollback';
  readonly connection?: { getTransactionStatus?(): string | null };
  readonly sequelize: Sequelize;
  cleanup(): void;
}

/** PostgreSQL's letter for a transaction in which a statement has failed. */
const abortedStatus = 'E';

const units = new WeakMap<Transaction, UnitOfWork>();

const endedWithin =
  'A transaction cannot be committed from within one of its own calls, such as in a hook: the call is ' +
  'not over. Commit where the transaction was begun; to have it rolled back, throw in the hook.';

function rootOf(transaction: SequelizeTransaction): SequelizeTransaction {
  let root = transaction;
  while (root.parent) root = root.parent;
  return root;
}

/**
 * What happens between BEGIN and COMMIT of one outermost transaction, savepoints included.
 *
 * Sequelize 6 cannot tell its users how a transaction ended: there is no rollback hook, `afterCommit`
 * runs even when COMMIT failed and at once on savepoints. So `commit` and `rollback` of the
 * transaction and of its savepoints are wrapped, on first use.
 */
export class UnitOfWork {
  readonly id = randomUUID();
  readonly transaction: Transaction;
  readonly #participants = new Map<object, Participant>();
  readonly #savepointNames: SavepointNames;
  readonly #underWay = new UnderWay();
  #doom: Error | undefined;
  #answered = false;
  #endFailed = false;

  private constructor(private readonly root: SequelizeTransaction) {
    this.transaction = root;
    this.#wrapRoot();
    this.#savepointNames = followSavepoints(root, (savepoint) => {
      this.#wrapSavepoint(savepoint as SequelizeTransaction);
    });
  }

  /** The unit that a transaction, or the transaction around a savepoint, belongs to. */
  static of(transaction: Transaction): UnitOfWork {
    const root = rootOf(transaction as SequelizeTransaction);
    let unit = units.get(root);
    if (!unit) {
      unit = new UnitOfWork(root);
      units.set(root, unit);
    }
    return unit;
  }

  /** The participant that was enlisted under this key, made on first use. */
  enlist<T extends Participant>(key: object, create: (unit: UnitOfWork) => T): T {
    let participant = this.#participants.get(key);
    if (!participant) {
      participant = create(this);
      this.#participants.set(key, participant);
    }
    return participant as T;
  }

  /**
   * The savepoints that are open now. A change noted with them is undone when any of them is rolled
   * back to, whichever transaction object the change was made through.
   */
  openSavepoints(): ReadonlySet<Transaction> {
    const open = new Set<Transaction>();
    const visit = (transaction: SequelizeTransaction): void => {
      for (const savepoint of transaction.savepoints) {
        if (savepoint.finished === 'rollback') continue;
        // NOTE: "committing" a savepoint sends nothing, so one inside it can still be rolled back to.
        if (!savepoint.finished) open.add(savepoint);
        visit(savepoint);
      }
    };
    visit(this.root);
    return open;
  }

  /** Whether it is being ended, or has been: what begins now would come half too late. */
  get isClosed(): boolean {
    return this.#underWay.isClosed;
  }

  /**
   * Run something that belongs to the transaction, whether its caller awaits it or not: COMMIT and
   * ROLLBACK wait for it, from the moment of the call.
   *
   * NOTE: what is under way in a savepoint would otherwise go on with the connection after the end,
   * when somebody else may have it: Sequelize 6 does not mark savepoints with their transaction.
   *
   * @throws Error when the unit is closed.
   */
  async hold<T>(body: () => Promise<T>): Promise<T> {
    return this.#underWay.run(body);
  }

  /** Why the unit can only be rolled back, if that is so. */
  get doomedBy(): Error | undefined {
    return this.#doom;
  }

  /** From now on the unit can only be rolled back: its commit does so and throws this error. */
  doom(error: Error): void {
    this.#doom ??= error;
  }

  #wrapRoot(): void {
    const commit = this.root.commit.bind(this.root);
    const rollback = this.root.rollback.bind(this.root);
    const cleanup = this.root.cleanup.bind(this.root);
    // NOTE: Sequelize calls this when COMMIT or ROLLBACK has been carried out, and otherwise
    // forceCleanup(). What fails after it is an `afterCommit` hook.
    this.root.cleanup = () => {
      this.#answered = true;
      cleanup();
    };
    this.root.rollback = async () => {
      if (this.root.finished) return rollback();
      this.#underWay.close();
      if (!this.#underWay.isWithin) await this.#underWay.idle();
      try {
        await rollback();
      } finally {
        // Without an answer too: PostgreSQL rolls back when the connection goes.
        await this.#end('rolled back');
      }
    };
    this.root.commit = async () => {
      if (this.root.finished) return commit();
      if (this.#underWay.isWithin) throw new Error(endedWithin);
      if (this.#doom) return this.#rollBackFor(this.#doom);
      // COMMIT resolves, although PostgreSQL answers ROLLBACK.
      if (this.#isAborted()) return this.#endWith(commit, 'aborted');
      try {
        await this.#close();
        await this.#each((participant) => participant.flush?.());
        await this.#each((participant) => participant.deliver?.());
      } catch (error) {
        // The status above may arrive a packet later than the error that it tells of.
        if (isOfFailedTransaction(error)) return this.#endWith(commit, 'aborted');
        return this.#rollBackFor(error);
      }
      return this.#endWith(commit, this.#isAborted() ? 'aborted' : 'committed');
    };
  }

  #isAborted(): boolean {
    return this.root.connection?.getTransactionStatus?.() === abortedStatus;
  }

  /**
   * Have done what is still to be done, until nothing is under way: from then on nothing begins.
   *
   * @throws Error why the unit can only be rolled back.
   */
  async #close(): Promise<void> {
    let begun: number;
    do {
      begun = this.#underWay.begun;
      await this.#underWay.idle();
      await this.#each((participant) => participant.complete?.());
      // Until nothing has begun meanwhile.
    } while (this.#underWay.begun !== begun);
    this.#underWay.close();
    if (this.#doom) throw this.#doom;
  }

  async #endWith(commit: () => Promise<void>, outcome: UnitOutcome): Promise<void> {
    try {
      await commit();
    } catch (error) {
      const known = this.#answered ? outcome : isRefusal(error) ? 'rolled back' : 'unknown';
      if ((await this.#endFor(known, error)) === 'committed' && known === 'unknown') return;
      throw error;
    }
    await this.#end(outcome);
  }

  /** End for a reason, which what is thrown has as its cause. */
  async #endFor(outcome: UnitOutcome, reason: unknown): Promise<'committed' | undefined> {
    try {
      return await this.#end(outcome);
    } catch (error) {
      if (error instanceof Error) error.cause ??= reason;
      throw error;
    }
  }

  async #rollBackFor(error: unknown): Promise<never> {
    try {
      await this.root.rollback();
    } catch (failure) {
      // What a participant could not undo matters more than why; a lost connection matters less.
      if (this.#endFailed) throw failure;
    }
    throw error;
  }

  #wrapSavepoint(savepoint: SequelizeTransaction): void {
    const rollback = savepoint.rollback.bind(savepoint);
    savepoint.rollback = async () => {
      if (!this.#underWay.isWithin) await this.#underWay.idle();
      if (!savepoint.finished) await this.#removeHiding(savepoint);
      await rollback();
      await this.#each((participant) => participant.rolledBackTo?.(savepoint));
    };
  }

  /** Remove the savepoints within one that would be rolled back to in its place. */
  async #removeHiding(savepoint: Transaction): Promise<void> {
    const { sequelize } = this.root;
    const options = { transaction: this.root };
    for (const name of this.#savepointNames.hiding(savepoint)) {
      // A failed transaction takes nothing before the rollback.
      await sequelize.query(`ROLLBACK TO SAVEPOINT "${name}"`, options);
      await sequelize.query(`RELEASE SAVEPOINT "${name}"`, options);
    }
  }

  async #end(outcome: UnitOutcome): Promise<'committed' | undefined> {
    const failures: unknown[] = [];
    let found: 'committed' | undefined;
    for (const participant of this.#participants.values()) {
      try {
        found = (await participant.ended?.(outcome)) ?? found;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      this.#endFailed = true;
      throw failures[0];
    }
    return found;
  }

  async #each(step: (participant: Participant) => Promise<void> | undefined): Promise<void> {
    for (const participant of this.#participants.values()) await step(participant);
  }
}
