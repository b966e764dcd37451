import type { Transaction } from 'sequelize';
import type { Mapping } from '../../../mapping';
import type { DestroyStep } from '../steps';
import { folded } from './fold';
import { isDestroy, type Planned } from './planned';

/** A delete that was called off, with the savepoints that were open then. */
interface Kept {
  readonly planned: Planned;
  readonly savepoints: ReadonlySet<Transaction>;
}

/** Brings a result up to date with the rows, as they are in a transaction. */
export type Follower = (transaction: Transaction) => Promise<void> | void;

/** The legacy keys of records, by model. */
export type KeysByMapping = ReadonlyMap<Mapping, ReadonlySet<string>>;

/**
 * The writes of a transaction that are sent at its end: all of them as a changeset, or deletes alone.
 * They are kept as they were made, and folded when they are asked for: a savepoint that is rolled back
 * takes its own with it.
 */
export class PendingWrites {
  #log: Planned[] = [];
  #kept: Kept[] = [];
  #followers: { readonly show: Follower; readonly savepoints: ReadonlySet<Transaction> }[] = [];

  /** As they were made. */
  get all(): readonly Planned[] {
    return this.#log;
  }

  /** As they have to be sent. */
  get folded(): Planned[] {
    return folded(this.#log);
  }

  /** Results that show rows of which writes are pending. */
  get followers(): readonly Follower[] {
    return this.#followers.map(({ show }) => show);
  }

  follow(show: Follower, savepoints: ReadonlySet<Transaction>): void {
    this.#followers.push({ show, savepoints });
  }

  /** What is going to be done to one record, in one step as far as that is possible. */
  of(mapping: Mapping, key: string): Planned | undefined {
    const own = this.#log.filter((one) => one.step.mapping === mapping && one.key === key);
    return folded(own).at(-1);
  }

  add(planned: readonly Planned[]): void {
    this.#log.push(...planned);
  }

  /** Take all of them out. */
  take(): Planned[] {
    const all = this.folded;
    this.#log = [];
    return all;
  }

  /** The records of a model that are going to be deleted. */
  removals(mapping: Mapping): DestroyStep[] {
    return this.#log
      .filter(isDestroy)
      .map(({ step }) => step)
      .filter((step) => step.mapping === mapping);
  }

  /** Do not delete a record after all. */
  keep(removal: DestroyStep, savepoints: ReadonlySet<Transaction>): void {
    const kept = this.#log.filter(({ step }) => step === removal);
    this.#log = this.#log.filter(({ step }) => step !== removal);
    this.#kept.push(...kept.map((planned) => ({ planned, savepoints })));
  }

  /** The records that are not yet on the legacy side what they are here. */
  keys(): KeysByMapping {
    return keysByMapping(this.#log);
  }

  /** The legacy keys of all records that were to be written, whether that was called off or not. */
  touchedKeys(): string[] {
    const kept = this.#kept.map(({ planned }) => planned);
    return [...this.#log, ...kept].map(({ key }) => key);
  }

  /** Forget what was written, and called off, while a savepoint was open. */
  rolledBackTo(savepoint: Transaction): void {
    const again = this.#kept.filter(({ savepoints }) => savepoints.has(savepoint));
    this.#kept = this.#kept.filter((kept) => !again.includes(kept));
    this.#followers = this.#followers.filter(({ savepoints }) => !savepoints.has(savepoint));
    const log = [...this.#log, ...again.map(({ planned }) => planned)];
    const left = log.filter(({ step }) => !step.savepoints.has(savepoint));
    const gone = log.filter((one) => !left.includes(one));
    this.#log = left.map((one) => withoutWhole(one, gone));
  }
}

/** Instances that a write has changed which is gone hold values that no row has. */
function withoutWhole(planned: Planned, gone: readonly Planned[]): Planned {
  if (isDestroy(planned)) return planned;
  const changed = new Set(gone.flatMap((one) => (isDestroy(one) ? [] : one.instances)));
  const whole = new Set([...planned.whole].filter((instance) => !changed.has(instance)));
  return { ...planned, whole };
}

/** The legacy keys of planned writes, by model. */
export function keysByMapping(planned: readonly Planned[]): KeysByMapping {
  const keys = new Map<Mapping, Set<string>>();
  for (const { step, key } of planned) {
    const own = keys.get(step.mapping) ?? new Set<string>();
    keys.set(step.mapping, own.add(key.toLowerCase()));
  }
  return keys;
}
