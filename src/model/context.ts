import { AsyncLocalStorage } from 'node:async_hooks';
import { Sequelize, type Transaction } from 'sequelize';

/**
 * What this library and Sequelize need of a continuation-local namespace. cls-hooked's namespaces
 * have this shape; `createNamespace` makes one on `AsyncLocalStorage`.
 */
export interface Namespace {
  /** Have a listener run in the present context, whoever calls it. */
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- Sequelize's own signature
  bind(listener: Function, context?: object): Function;
  /** Run in a child context. */
  run(body: (store: object) => void): unknown;
  /** What the context, or one around it, holds under a key. */
  get(key: string): unknown;
  /** Hold a value in the present context. */
  set(key: string, value: unknown): unknown;
}

/** The revision that the enclosing block writes to. */
export interface RevisionFrame {
  /** UUID of the revision row, chosen when the block begins. */
  readonly id: string;
  readonly user?: string;
  readonly comment?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** What the code that is running now is enclosed by. Frames are never changed, only replaced. */
export interface Frame {
  /** Calls inside stay local. */
  readonly isLocalOnly: boolean;
  readonly revision?: RevisionFrame;
  /** The write that is running now: those that it causes itself do not wait for its end. */
  readonly write?: object;
  /** The calls that are running now, for which the ends of their transactions wait. */
  readonly calls?: readonly object[];
  /** The bulk call whose own statement Sequelize is making now. */
  readonly statement?: object;
}

// NOTE: cls-hooked overwrites the keys `id` and `_ns_name` in each child context.
const frameKey = 'dual-write:frame';
const outermost: Frame = { isLocalOnly: false };

/**
 * Make a namespace on `AsyncLocalStorage`: the same interface as cls-hooked's for a fraction of
 * its cost.
 */
export function createNamespace(): Namespace {
  type Store = Record<string, unknown>;
  const storage = new AsyncLocalStorage<Store>();
  const child = (): Store => Object.create(storage.getStore() ?? null) as Store;
  return {
    // NOTE: a child inherits by prototype, because Sequelize sets `transaction` to null at the end
    // of a transaction and contexts begun inside it must see that.
    run: (body) => {
      const store = child();
      return storage.run(store, () => {
        body(store);
        return store;
      });
    },
    bind: (listener) => {
      const store = storage.getStore() ?? child();
      return (...args: unknown[]): unknown =>
        storage.run(store, listener as (...args: unknown[]) => unknown, ...args);
    },
    get: (key) => storage.getStore()?.[key],
    set: (key, value) => {
      const store = storage.getStore();
      if (store) store[key] = value;
      return value;
    },
  };
}

const ownNamespace = createNamespace();
let namespaceInUse = ownNamespace;
let users = 0;

/**
 * Hold the frames in the application's own namespace, until the returned function is called.
 *
 * @throws Error when another namespace is in use: frames are found through one only, as Sequelize
 * finds transactions through one only.
 */
export function useNamespace(namespace: Namespace = namespaceInUse): () => void {
  if (users > 0 && namespace !== namespaceInUse) {
    throw new Error(
      'Two connections of one process were given different namespaces. Contexts are found through ' +
        'one namespace only (so it is with Sequelize.useCLS): pass the same one to both.',
    );
  }
  namespaceInUse = namespace;
  users += 1;
  let released = false;
  return () => {
    if (released) return;
    released = true;
    users -= 1;
    if (users === 0) namespaceInUse = ownNamespace;
  };
}

/** The frame around the code that is running now. */
export function currentFrame(): Frame {
  return (namespaceInUse.get(frameKey) as Frame | undefined) ?? outermost;
}

/** Run `body` in the current frame with some parts replaced. */
export function runInFrame<T>(patch: Partial<Frame>, body: () => T): T {
  const frame: Frame = { ...currentFrame(), ...patch };
  const namespace = namespaceInUse;
  let result!: { readonly value: T };
  namespace.run(() => {
    namespace.set(frameKey, frame);
    result = { value: body() };
  });
  return result.value;
}

interface WithCls {
  readonly _cls?: { get(key: string): unknown };
}

/**
 * The transaction that a call belongs to, by Sequelize's own rule: the one in its options, `null`
 * there for none, otherwise the one in the namespace given to `Sequelize.useCLS`.
 */
export function transactionOf(
  options: { transaction?: Transaction | null } | undefined,
): Transaction | undefined {
  if (options?.transaction !== undefined) return options.transaction ?? undefined;
  const cls = (Sequelize as unknown as WithCls)._cls;
  return (cls?.get('transaction') as Transaction | null | undefined) ?? undefined;
}
