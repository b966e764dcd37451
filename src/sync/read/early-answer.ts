import type { Model, ModelStatic, Transaction } from 'sequelize';
import { isDeepStrictEqual } from 'node:util';
import type { LegacyRecord } from '../../../legacy-client';
import type { Mapping } from '../../mapping';
import { LocalDesk, type LocalFacts } from '../local-facts';
import { localTable } from '../local-table';
import { agreementOf, type Agreement } from '../refresh/agreement';
import type { OpenRecords } from '../refresh/arrivals';
import type { Runtime } from '../runtime';
import type { Read } from './answer';
import type { Knowledge } from './legs';
import { onPrimary, type ConformedInclude, type EffectiveOptions } from './sequelize-internals';
import { closeGaps } from './settle-gaps';
import { rowsOf, type CheckedRow } from './verify';

/** Rows that a local answer shows, by model and legacy key; joins may show one several times. */
type RowsByKey = ReadonlyMap<Mapping, ReadonlyMap<string, readonly CheckedRow[]>>;

interface Found<T> {
  readonly value: T;
  readonly rows: readonly CheckedRow[];
  readonly byKey: RowsByKey;
  readonly facts: LocalFacts;
}

/**
 * A local answer that is read while the legacy system is answering. Most records agree with the rows
 * that are here, and where all do, those rows are the answer.
 *
 * Why that is exact: the rows were read within the call, by one statement, and each of them is equal
 * in every mapped column to a record that was fetched within the call. So each is as the legacy
 * system had it at some moment of the call, whatever has been stored since; check and answer share a
 * snapshot because the check looks at the answer itself. And no row is missing: whatever matched
 * throughout came in the legacy answer, which holds every record that the condition matches, and
 * each of its records is a row of this answer. One record that is not, or does not agree, and this
 * is not the answer: see {@link accepted}.
 */
export class EarlyAnswer<T> {
  readonly #runtime: Runtime;
  readonly #found: Promise<Found<T> | undefined>;
  /** The keys of fetched records that rows of the answer agree with. */
  readonly #agreed = new Map<Mapping, Set<string>>();
  readonly #agreements = new Map<Mapping, Agreement>();
  #isComplete = true;
  #isReady = false;

  private constructor(runtime: Runtime, answer: () => Promise<T>) {
    this.#runtime = runtime;
    // Whatever fails here is tried again when the records are stored, and fails there.
    this.#found = found(runtime, answer)
      .catch(() => undefined)
      .finally(() => {
        this.#isReady = true;
      });
  }

  /** Begin; undefined where a read must see its rows after the refresh only. */
  static of<T>(
    read: Read<T>,
    effective: EffectiveOptions,
    transaction: Transaction | undefined,
  ): EarlyAnswer<T> | undefined {
    const { synced, options } = read;
    const isLocked = options.lock !== undefined && options.lock !== false;
    const mayRun = !transaction && !isLocked && effective.isWhole && !effective.offset;
    if (!mayRun || runsHooks(read, effective)) return undefined;
    return new EarlyAnswer(synced.runtime, () =>
      read.run({ ...options, ...onPrimary, transaction: null }),
    );
  }

  /** Whether records can be compared with it, without waiting for PostgreSQL. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** When it is over, however it has ended. */
  async settled(): Promise<void> {
    await this.#found;
  }

  /** Of what was fetched, the records that PostgreSQL must look at. */
  async open(mapping: Mapping, records: readonly LegacyRecord[]): Promise<OpenRecords> {
    const found = await this.#found;
    const own = found?.byKey.get(mapping);
    if (!found || !own) {
      if (records.length > 0) this.#isComplete = false;
      return { differing: [], others: records };
    }
    const table = await localTable(this.#runtime.pool, mapping);
    const agrees = this.#agreements.get(mapping) ?? agreementOf(mapping, table, found.facts);
    this.#agreements.set(mapping, agrees);
    const agreed = this.#agreed.get(mapping) ?? new Set<string>();
    this.#agreed.set(mapping, agreed);
    const open = { differing: [] as LegacyRecord[], others: [] as LegacyRecord[] };
    for (const record of records) {
      const rows = own.get(record.key);
      if (!rows) open.others.push(record);
      else if (rows.every(({ values }) => agrees(values, record))) agreed.add(record.key);
      else open.differing.push(record);
    }
    if (open.differing.length + open.others.length > 0) this.#isComplete = false;
    return open;
  }

  /** The answer, if everything that was fetched agrees with it, and vouches for each of its rows. */
  async accepted(knowledge: Knowledge): Promise<{ readonly value: T } | undefined> {
    const found = await this.#found;
    const isHiding = [...knowledge.hidden.values()].some(({ size }) => size > 0);
    if (!found || !this.#isComplete || isHiding) return undefined;
    const isVouchedFor = ({ mapping, legacyId, isDeleted }: CheckedRow): boolean =>
      isDeleted || (legacyId !== null && (this.#agreed.get(mapping)?.has(legacyId) ?? false));
    return found.rows.every(isVouchedFor) ? { value: found.value } : undefined;
  }

  /**
   * Whether a later answer shows the rows that agreed with records as they were then. One that does
   * not was changed in between, perhaps past the library: it is asked for again, and the read must
   * answer again.
   */
  async stillAgrees(knowledge: Knowledge, result: unknown): Promise<boolean> {
    const found = await this.#found;
    if (!found) return true;
    const later = byKey(rowsOf(this.#runtime.registry, result));
    const doubtful = new Map<Mapping, string[]>();
    for (const [mapping, agreed] of this.#agreed) {
      const [earlier, now] = [found.byKey.get(mapping), later.get(mapping)];
      const keys = [...agreed].filter((key) => !areSame(earlier?.get(key), now?.get(key)));
      for (const key of keys) agreed.delete(key);
      if (keys.length > 0) doubtful.set(mapping, keys);
    }
    if (doubtful.size === 0) return true;
    await closeGaps(knowledge, { unseen: doubtful, ahead: [] });
    return false;
  }
}

/** Whether one row, read twice, has not changed, in all places where it is shown. */
function areSame(
  [earlier]: readonly CheckedRow[] = [],
  later: readonly CheckedRow[] = [],
): boolean {
  if (!earlier || later.length === 0) return false;
  const names = Object.keys(earlier.mapping.model.getAttributes());
  return later.every(({ values }) =>
    names.every(
      (name) =>
        values[name] === earlier.values[name] ||
        isDeepStrictEqual(values[name], earlier.values[name]),
    ),
  );
}

/** NOTE: hooks must see each read once, and only rows that are up to date. */
function runsHooks<T>({ model, options }: Read<T>, { includes }: EffectiveOptions): boolean {
  if (options.hooks === false) return false;
  const hooks = [
    'beforeFind',
    'beforeFindAfterExpandIncludeAll',
    'beforeFindAfterOptions',
    'afterFind',
  ] as const;
  const has = (one: ModelStatic<Model>): boolean =>
    hooks.some((hook) => one.hasHook(hook) || one.sequelize?.hasHook(hook));
  const anyHas = (some: readonly ConformedInclude[]): boolean =>
    some.some((include) => has(include.model) || anyHas(include.include ?? []));
  return has(model) || anyHas(includes);
}

async function found<T>(runtime: Runtime, answer: () => Promise<T>): Promise<Found<T>> {
  const value = await answer();
  const rows = rowsOf(runtime.registry, value);
  const shown = byKey(rows);
  const facts = await LocalDesk.of(runtime).ask({
    ids: targetsOf(rows),
    keys: new Map([...shown].map(([mapping, own]) => [mapping, new Set(own.keys())])),
  });
  return { value, rows, byKey: shown, facts };
}

function byKey(rows: readonly CheckedRow[]): RowsByKey {
  const shown = new Map<Mapping, Map<string, CheckedRow[]>>();
  for (const row of rows) {
    if (row.legacyId === null) continue;
    const own = shown.get(row.mapping) ?? new Map<string, CheckedRow[]>();
    shown.set(row.mapping, own);
    const same = own.get(row.legacyId);
    if (same) same.push(row);
    else own.set(row.legacyId, [row]);
  }
  return shown;
}

/** The local primary keys that rows refer to. */
function targetsOf(rows: readonly CheckedRow[]): Map<Mapping, Set<unknown>> {
  const targets = new Map<Mapping, Set<unknown>>();
  const lookups = new Map<Mapping, readonly (readonly [string, Set<unknown>])[]>();
  const lookupsOf = ({ attributes }: Mapping): readonly (readonly [string, Set<unknown>])[] =>
    attributes.flatMap(({ attribute, target }) => {
      if (!target) return [];
      const ids = targets.get(target) ?? new Set<unknown>();
      targets.set(target, ids);
      return [[attribute, ids] as const];
    });
  for (const { mapping, values } of rows) {
    const own = lookups.get(mapping) ?? lookupsOf(mapping);
    lookups.set(mapping, own);
    for (const [attribute, ids] of own) {
      const id = values[attribute];
      if (id !== null && id !== undefined) ids.add(id);
    }
  }
  return targets;
}
