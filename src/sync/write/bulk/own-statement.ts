import { randomUUID } from 'node:crypto';
import type { Model, ModelStatic } from 'sequelize';
import { currentFrame, runInFrame } from '../../../model/context';
import { registeredModel } from '../../../model/history';
import type { SyncedInstance } from '../save';

/** Rows of one model that Sequelize has inserted at once. */
export interface Inserted {
  readonly model: ModelStatic<Model>;
  readonly instances: readonly SyncedInstance[];
}

/**
 * The local statement of a bulk call, as Sequelize makes it: what it reads and saves on the way is
 * local, since the bulk call sends what has changed. Hooks are the application's: their calls are
 * synced.
 */
export class OwnStatement {
  /** What has been inserted, included records too, each model's at once. */
  readonly inserted: Inserted[] = [];

  /** The statement that is being made now. */
  static current(): OwnStatement | undefined {
    const { statement } = currentFrame();
    return statement instanceof OwnStatement ? statement : undefined;
  }

  /** Make it. */
  run<T>(body: () => Promise<T>): Promise<T> {
    return runInFrame({ isLocalOnly: true, statement: this }, body);
  }

  /** Run hooks that Sequelize has reached. */
  async runHooks(hook: { name: string; args: unknown[] }, run: () => unknown): Promise<void> {
    const [subject, options] = hook.args;
    if (hook.name === 'afterBulkCreate') this.#noteInserted(subject as SyncedInstance[]);
    await runInFrame({ isLocalOnly: false, statement: undefined }, run);
    if (hook.name === 'beforeBulkCreate') {
      giveKeys(subject as SyncedInstance[], options as { fields?: string[] });
    }
  }

  #noteInserted(instances: readonly SyncedInstance[]): void {
    const [first] = instances;
    if (first) this.inserted.push({ model: modelOf(first), instances });
  }
}

/** The model that an instance was made of, by the name that it was defined under. */
function modelOf(instance: Model): ModelStatic<Model> {
  return registeredModel(instance.constructor as ModelStatic<Model>);
}

/** Every row that is inserted gets its legacy key with the insert. */
function giveKeys(instances: readonly SyncedInstance[], options: { fields?: string[] }): void {
  for (const instance of instances) instance.legacyId ??= randomUUID();
  if (options.fields && !options.fields.includes('legacyId')) options.fields.push('legacyId');
}
