import type { Transaction } from 'sequelize';

interface NamedTransaction extends Transaction {
  readonly id: string;
  name: string;
  readonly savepoints: NamedTransaction[];
  readonly finished?: 'commit' | 'rollback';
}

/** The savepoints of one transaction by the names that PostgreSQL knows them by. */
export interface SavepointNames {
  /**
   * The names of the savepoints within this one that hide it from PostgreSQL: they have its own.
   */
  hiding(savepoint: Transaction): readonly string[];
}

/**
 * Have every savepoint of an outermost transaction keep one name of its own, and tell of each: of
 * those that are there, and of each that is opened from now on.
 *
 * NOTE: Sequelize 6 counts only the savepoints of the same parent (transaction.js), so that one within
 * another has that one's name; and whatever is begun or ended within a savepoint renames it
 * (`options.transaction.name = …` in query-interface.js). ROLLBACK TO then goes to the wrong place.
 * The constructor pushes a savepoint to its parent's list before it sets the name: here it gets one
 * that cannot be set.
 */
export function followSavepoints(
  root: Transaction,
  seen: (savepoint: Transaction) => void,
): SavepointNames {
  const names = new Map<Transaction, string>();
  let count = 0;
  const keepName = (savepoint: NamedTransaction, name: string): void => {
    names.set(savepoint, name);
    Object.defineProperty(savepoint, 'name', { get: () => name, set: () => undefined });
    follow(savepoint);
    seen(savepoint);
  };
  const follow = ({ id, savepoints }: NamedTransaction): void => {
    // What `name` says of those that were opened before may be the name of one inside.
    savepoints.forEach((savepoint, index) => {
      keepName(savepoint, `${id}-sp-${index + 1}`);
    });
    savepoints.push = (...opened) => {
      for (const savepoint of opened) keepName(savepoint, `${id}-sp-of-unit-${(count += 1)}`);
      return Array.prototype.push.apply(savepoints, opened);
    };
  };
  follow(root as NamedTransaction);
  return {
    hiding: (savepoint) => {
      const name = names.get(savepoint);
      if (name === undefined) return [];
      const within = standingWithin(savepoint as NamedTransaction);
      return within.filter((inner) => names.get(inner) === name).map(() => name);
    },
  };
}

/**
 * The savepoints within one that PostgreSQL still has: "committing" one sends nothing, and a rollback
 * to one removes those within it only.
 */
function standingWithin({ savepoints }: NamedTransaction): NamedTransaction[] {
  return savepoints.flatMap((savepoint) => [
    savepoint,
    ...(savepoint.finished === 'rollback' ? [] : standingWithin(savepoint)),
  ]);
}
