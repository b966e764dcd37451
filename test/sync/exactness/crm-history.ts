import type { Sandbox, SandboxRecord } from '../../../legacy-client/sandbox';
import type { EntityModel } from '../../../legacy-client/sandbox/entity-model';
import type { Store } from '../../../legacy-client/sandbox/store/store';
import { entities, type ModelName } from './oracle/facts';
import { rowOfRecord, type Moment, type Row } from './oracle/rows';

/** What a CRM held after each change of it. */
export interface CrmHistory {
  /** The number of the last moment. */
  readonly now: number;
  at(moment: number): Moment;
  /** Every legacy key that the CRM has ever had of a model, oldest first. */
  keys(name: ModelName): readonly string[];
  /** Forget everything before now. */
  restart(): void;
}

interface Parts {
  readonly store: Store;
}

function tableOf(store: Store, logicalName: string): readonly { values: SandboxRecord }[] {
  const model: EntityModel | undefined = store.models.get(logicalName);
  if (!model) throw new Error(`The sandbox has no ${logicalName}.`);
  return store.table(model).list.sorted();
}

function momentOf(store: Store): Moment {
  return new Map(
    entities.map(({ name, logicalName }) => {
      const rows = tableOf(store, logicalName).map(({ values }) => rowOfRecord(name, values));
      return [name, new Map(rows.map((row): [string, Row] => [row.legacyId, row]))];
    }),
  );
}

/**
 * Note every moment of a sandbox in this process: each method of its store is synchronous, so that no
 * state in between is missed, whoever causes it.
 */
export function recordHistory(sandbox: Sandbox): CrmHistory {
  const { store } = (sandbox as unknown as { parts: Parts }).parts;
  let moments: Moment[] = [momentOf(store)];
  let known = new Map<ModelName, Set<string>>();
  const note = (): void => {
    const moment = momentOf(store);
    moments.push(moment);
    for (const [name, rows] of moment) {
      const keys = known.get(name) ?? new Set();
      for (const key of rows.keys()) keys.add(key);
      known.set(name, keys);
    }
  };
  watch(store, note);
  return {
    get now() {
      return moments.length - 1;
    },
    at: (moment) => moments[moment] ?? new Map<ModelName, ReadonlyMap<string, Row>>(),
    keys: (name) => [...(known.get(name) ?? [])],
    restart: () => {
      moments = [];
      known = new Map();
      note();
    },
  };
}

function watch(store: Store, note: () => void): void {
  let depth = 0;
  const noted =
    <A extends unknown[], R>(method: (...values: A) => R) =>
    (...values: A): R => {
      depth += 1;
      try {
        return method.apply(store, values);
      } finally {
        depth -= 1;
        // What happens within an atomic change is seen by nobody.
        if (depth === 0) note();
      }
    };
  const remove = store.delete.bind(store);
  store.create = noted(store.create.bind(store));
  store.update = noted(store.update.bind(store));
  store.load = noted(store.load.bind(store));
  store.delete = noted(remove);
  const atomically = store.atomically.bind(store);
  store.atomically = <R>(writes: () => R): R => noted((own: () => R) => atomically(own))(writes);
}
