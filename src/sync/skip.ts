import type { Model, ModelStatic } from 'sequelize';
import { currentFrame, runInFrame } from '../model/context';

/** Set on the classes that `skipLegacy()` derives. */
const mark = Symbol('skipLegacy');

interface Markable {
  [mark]?: true;
}

/** Whether a call stays local: its class says so, its options, or the code around it. */
export function isSkipped(model: object, options: unknown): boolean {
  if ((model as Markable)[mark]) return true;
  if ((options as { skipLegacy?: boolean } | null | undefined)?.skipLegacy === true) return true;
  return currentFrame().isLocalOnly;
}

/**
 * Run a block whose every call stays local, however deep inside.
 *
 * @example
 * ```ts
 * await skipLegacy(async () => {
 *   await importSpreadsheet();
 * });
 * ```
 */
export function skipLegacy<T>(body: () => T): T {
  return runInFrame({ isLocalOnly: true }, body);
}

const derived = new WeakMap<ModelStatic<Model>, { model: object; associations: number }>();

/** The class of a model whose every call stays local; the same one each time. */
export function skippedModel<M extends ModelStatic<Model>>(model: M): M {
  if ((model as Markable)[mark]) return model;
  const known = derived.get(model);
  const associations = Object.keys(model.associations).length;
  if (known?.associations === associations) return known.model as M;
  const Skipped = class extends (model as unknown as new () => object) {
    static readonly [mark] = true;
  };
  Object.defineProperty(Skipped, 'name', { value: model.name });
  skipAccessors(Skipped, model);
  derived.set(model, { model: Skipped, associations });
  return Skipped as unknown as M;
}

/** `organisation.getContacts()` of a skipped class is local, too. */
function skipAccessors(Skipped: new () => object, model: ModelStatic<Model>): void {
  for (const association of Object.values(model.associations)) {
    const { accessors } = association as unknown as { accessors: Readonly<Record<string, string>> };
    for (const name of Object.values(accessors)) {
      const original = (model.prototype as unknown as Record<string, unknown>)[name];
      if (typeof original !== 'function') continue;
      Object.defineProperty(Skipped.prototype, name, {
        configurable: true,
        writable: true,
        value: function accessor(this: object, ...args: unknown[]): unknown {
          return skipLegacy(() => Reflect.apply(original, this, args) as unknown);
        },
      });
    }
  }
}
