import {
  ForeignKeyConstraintError,
  type Model,
  type ModelStatic,
  type Sequelize,
  type Transaction,
  UniqueConstraintError,
} from 'sequelize';
import type { RecordedVersion } from './recorded-version';

/** What a record is to become. */
export interface Goal {
  readonly version: RecordedVersion<Model>;
  /** False: it is to be gone, and the version says only which record it is. */
  readonly exists: boolean;
  /** The revision left it deleted. */
  readonly wasDeleted: boolean;
}

/**
 * Reach all goals, in the order given as far as nothing speaks against it: first comes back what others
 * may refer to, and what others may refer to goes last. Foreign keys alone would not tell: a row that is
 * soft-deleted can be referred to here, but where a model keeps its rows in step with it is gone.
 *
 * @throws whatever the models throw.
 */
export async function reachAll(
  sequelize: Sequelize,
  goals: readonly Goal[],
  transaction: Transaction,
): Promise<void> {
  const levels = new Map(
    goals.map(({ version: { model } }) => [model, levelOf(sequelize, model, new Set())]),
  );
  const place = ({ version, exists, wasDeleted }: Goal): number[] => {
    const level = levels.get(version.model) ?? 0;
    return exists ? [wasDeleted ? 0 : 1, level] : [2, -level];
  };
  const inOrder = [...goals].sort((one, other) => {
    const [[a = 0, b = 0], [c = 0, d = 0]] = [place(one), place(other)];
    return a - c || b - d;
  });
  await tryAll(sequelize, inOrder, transaction);
}

/**
 * One that others stand in the way of (a row that refers to it, that it refers to, or that has its
 * unique value) is tried again after them.
 */
async function tryAll(
  sequelize: Sequelize,
  goals: readonly Goal[],
  transaction: Transaction,
): Promise<void> {
  const blocked: Goal[] = [];
  let reason: unknown;
  for (const goal of goals) {
    try {
      await sequelize.transaction({ transaction }, (savepoint) => reach(goal, savepoint));
    } catch (error) {
      const isBlocked =
        error instanceof ForeignKeyConstraintError || error instanceof UniqueConstraintError;
      if (!isBlocked) throw error;
      reason ??= error;
      blocked.push(goal);
    }
  }
  if (blocked.length === 0) return;
  if (blocked.length === goals.length) throw reason;
  await tryAll(sequelize, blocked, transaction);
}

async function reach({ version, exists }: Goal, transaction: Transaction): Promise<void> {
  if (exists) await version.establish({ transaction });
  else await version.remove({ transaction });
}

/** How many models, one after the other, a model's foreign keys lead to; circles are cut. */
function levelOf(sequelize: Sequelize, name: string, above: ReadonlySet<string>): number {
  const model = sequelize.models[name];
  if (!model || above.has(name)) return 0;
  const path = new Set([...above, name]);
  const levels = targetsOf(sequelize, model)
    .filter((target) => !path.has(target))
    .map((target) => 1 + levelOf(sequelize, target, path));
  return Math.max(0, ...levels);
}

/** The models that the foreign keys of one refer to. */
function targetsOf(sequelize: Sequelize, model: ModelStatic<Model>): string[] {
  const tables = Object.values(model.getAttributes()).flatMap(({ references }) => {
    const table = typeof references === 'string' ? references : references?.model;
    if (table === undefined) return [];
    return typeof table === 'string' ? table : 'tableName' in table ? table.tableName : [];
  });
  return Object.values(sequelize.models)
    .filter((one) => tables.includes(tableNameOf(one)))
    .map(({ name }) => name);
}

function tableNameOf(model: ModelStatic<Model>): string {
  const table = model.getTableName();
  return typeof table === 'string' ? table : table.tableName;
}
