import type { Model, ModelStatic } from 'sequelize';
import { registeredModel } from '../model/history';
import { checkedFreshness } from './feed/freshness';
import { destroySkipped } from './feed/lacking';
import type { Freshness } from './options';
import { readExactly } from './read/exact-read';
import { orLocally } from './read/or-locally';
import type { ReadOptions } from './read/sequelize-internals';
import { syncedModel, type Synced } from './runtime';
import { isSkipped, skipLegacy } from './skip';
import { noteSkippedWrite } from './skipped-writes';
import { OwnStatement } from './write/bulk/own-statement';
import { destroyBoth, type DestroyOptions } from './write/destroy';
import { saveBoth, type SaveOptions, type SyncedInstance } from './write/save';
import { saveSkipped } from './write/skipped-save';
import { holdOpen } from './write/synced-write';
import { noteMixed } from './write/vouched';

/**
 * What serves a model, by the name that it was defined under.
 *
 * @throws NotConnectedError when nothing does.
 */
export function servingModel(model: ModelStatic<Model>): Synced {
  return syncedModel(registeredModel(model).name, model.sequelize);
}

/** A read that was called on a model, and Sequelize's own ways to answer it. */
export interface InterceptedRead<T> {
  readonly model: ModelStatic<Model>;
  readonly options: object | undefined;
  readonly givesRows: boolean;
  /** The result is the number of rows. */
  readonly counts?: boolean;
  readonly run: (options: object) => Promise<T>;
}

/** Answer a read: as Sequelize does when it is skipped, otherwise exactly. */
export async function interceptRead<T>(read: InterceptedRead<T>): Promise<T> {
  const options = (read.options ?? {}) as ReadOptions & { freshness?: Freshness };
  if (isSkipped(read.model, options)) {
    // Separate includes are reads of their own, which know nothing of a skipped class.
    return read.run(options.include === undefined ? options : { ...options, skipLegacy: true });
  }
  // Reads within the answer (of separate includes) belong to it.
  const run = (own: ReadOptions): Promise<T> => read.run({ ...own, skipLegacy: true });
  const own = servingModel(read.model);
  const given: unknown = options.freshness ?? own.runtime.freshness;
  const freshness = checkedFreshness(given, own.mapping.name);
  if (freshness === 'local') return run(options);
  const rules = freshness === 'exact' ? {} : freshness;
  const answer = (): Promise<T> =>
    readExactly({
      synced: own,
      maxAgeMs: rules.maxAgeMs,
      model: read.model,
      options,
      givesRows: read.givesRows,
      counts: read.counts,
      run,
    });
  return rules.onUnavailable === 'local' ? orLocally(own, answer, () => run(options)) : answer();
}

/** Save an instance: locally when it is skipped, otherwise on both sides. */
export async function interceptSave<T>(
  instance: Model,
  options: object | undefined,
  run: (options: object) => Promise<T>,
): Promise<T> {
  const model = instance.constructor as ModelStatic<Model>;
  const own = (options ?? {}) as SaveOptions;
  const subject = instance as SyncedInstance;
  // A bulk call sends what its own statement has saved.
  if (OwnStatement.current()) return run(own);
  if (isSkipped(model, options)) {
    noteSkippedWrite(options);
    const save = (): Promise<T> => saveSkipped(subject, own, run);
    // The records that `create({ include })` saves with this one know nothing of its options.
    return hasIncludes(instance) ? skipLegacy(save) : save();
  }
  const synced = servingModel(model);
  return holdOpen(synced, own, () => saveBoth({ synced, instance: subject, options: own, run }));
}

/** Read an instance again; what is read in part is not of the version that the rest was read with. */
export async function interceptReload<T>(
  instance: Model,
  options: { readonly attributes?: unknown } | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const result = await run();
  noteMixed(instance, options?.attributes !== undefined);
  return result;
}

/**
 * Set values of an instance, and have it keep what the database is known to hold.
 *
 * NOTE: Sequelize 6 notes the value of a moment ago as the previous one (`set` in model.js), also where
 * that has never been saved. What an update overwrites, what a user of the CRM has changed, and what
 * undoing restores is told by the stored one.
 */
export function interceptSet<T>(instance: Model, run: () => T): T {
  const state = instance as unknown as {
    readonly _changed: ReadonlySet<string>;
    readonly _previousDataValues: Record<string, unknown>;
  };
  if (state._changed.size === 0) return run();
  const stored = [...state._changed].map(
    (name) => [name, state._previousDataValues[name]] as const,
  );
  const result = run();
  for (const [name, value] of stored) state._previousDataValues[name] = value;
  return result;
}

function hasIncludes(instance: Model): boolean {
  const { _options } = instance as unknown as { _options?: { include?: readonly unknown[] } };
  return (_options?.include?.length ?? 0) > 0;
}

/** Destroy an instance: locally when it is skipped, otherwise on both sides. */
export async function interceptDestroy(
  instance: Model,
  options: object | undefined,
  run: (options: object) => Promise<void>,
): Promise<void> {
  const model = instance.constructor as ModelStatic<Model>;
  if (isSkipped(model, options)) {
    noteSkippedWrite(options);
    return destroySkipped(model, options ?? {}, run);
  }
  const own = (options ?? {}) as DestroyOptions;
  const synced = servingModel(model);
  return holdOpen(synced, own, () =>
    destroyBoth(synced, instance as SyncedInstance, { options: own, run }),
  );
}
