import { randomUUID } from 'node:crypto';
import type { LegacyValue } from '../../entity';
import type { SandboxRecord } from '../control';
import { CrmError, doesNotExist, notSupported } from '../crm-error';
import type { EntityModel, EntityModels, PropertyModel } from '../entity-model';
import { planDeletion } from './deletion';
import { checkRequired, storedValue, storedValues, wholeSeconds } from './rules';
import type { Row } from './row-list';
import { stateAfter } from './states';
import { Table } from './table';

type Values = Readonly<Record<string, LegacyValue>>;

/**
 * What a plug-in in the CRM does: it sees the values that are being written and may change them,
 * or throw to refuse the write.
 */
export type OnWrite = (logicalName: string, values: Values) => Values;

/** Options of {@link Store}. */
export interface StoreOptions {
  readonly now: () => Date;
  readonly onWrite?: OnWrite;
}

/** The CRM's records, with its rules for writing them. Every method is synchronous and atomic. */
export class Store {
  private readonly tables = new Map<string, Table>();
  private lastVersion = 0;
  private generation = 0;
  private clockOffsetMs = 0;
  private undo: (() => void)[] | undefined;

  constructor(
    readonly models: EntityModels,
    private readonly options: StoreOptions,
  ) {
    this.clear();
  }

  /** Grows with every write: a request that leaves it alone has changed nothing. */
  get version(): number {
    return this.lastVersion;
  }

  /** Tokens of feeds that were given under another number have expired. */
  get changeGeneration(): number {
    return this.generation;
  }

  expireChangeTokens(): void {
    this.generation += 1;
  }

  /** Let the clock of the stamps be this far from the given one. */
  shiftClock(offsetMs: number): void {
    this.clockOffsetMs = offsetMs;
  }

  clear(): void {
    this.expireChangeTokens();
    this.shiftClock(0);
    for (const model of this.models.values()) {
      this.tables.set(model.logicalName, new Table(model));
    }
  }

  table(model: EntityModel): Table {
    const table = this.tables.get(model.logicalName);
    if (table === undefined) throw new Error(`The store has no entity ${model.logicalName}`);
    return table;
  }

  find(model: EntityModel, key: string): Row | undefined {
    return this.table(model).get(key);
  }

  /** @throws CrmError when the record is not there. */
  get(model: EntityModel, key: string): Row {
    const row = this.find(model, key);
    if (row === undefined) throw doesNotExist(model.logicalName, key);
    return row;
  }

  /** The entity that a lookup points to. */
  targetOf(property: PropertyModel): EntityModel {
    const target = this.models.get(property.target ?? '');
    if (target === undefined) throw new Error(`The lookup ${property.name} has no target`);
    return target;
  }

  /** The name of the record that a lookup points to; null when it has none. */
  nameOf(property: PropertyModel, key: string): string | null {
    const target = this.targetOf(property);
    const name = this.find(target, key)?.values[target.nameProperty ?? ''];
    return typeof name === 'string' ? name : null;
  }

  /** @throws CrmError when the CRM refuses the record. */
  create(model: EntityModel, given: Values, key?: string): Row {
    const values = storedValues(model, this.throughPlugIns(model, given));
    const newKey = key ?? String(values[model.key.name] ?? randomUUID());
    if (this.find(model, newKey) !== undefined) {
      throw new CrmError('duplicateRecord', 'A record with matching key values already exists.');
    }
    checkRequired(model, values);
    this.checkLookups(model, values);
    this.checkNotLinked(model, values);
    const state = stateAfter(model, values);
    const stamped = { ...values, ...state, [model.key.name]: newKey, ...this.newStamps(model) };
    return this.put(model, newKey, completeRecord(model, stamped));
  }

  /** @throws CrmError when the record is not there or the CRM refuses the change. */
  update(model: EntityModel, key: string, given: Values): Row {
    const before = this.get(model, key);
    if (model.ends.length > 0) throw notSupported('Update', model);
    const { [model.key.name]: givenKey, ...changes } = storedValues(
      model,
      this.throughPlugIns(model, given),
    );
    if (givenKey !== undefined && givenKey !== key) {
      throw new CrmError('badRequest', 'The key of a record cannot be changed.');
    }
    const state = stateAfter(model, changes, before.values);
    const after = { ...before.values, ...changes, ...state, ModifiedOn: this.now() };
    checkRequired(model, after);
    this.checkLookups(model, changes);
    return this.put(model, key, after);
  }

  /** @throws CrmError when the record is not there or another one that stays refers to it. */
  delete(model: EntityModel, key: string): void {
    this.get(model, key);
    const plan = planDeletion((entity) => this.table(entity), { model, key });
    const ModifiedOn = this.now();
    for (const { model: from, key: referrer, property } of plan.unlinks) {
      const { values } = this.get(from, referrer);
      this.put(from, referrer, { ...values, [property.name]: null, ModifiedOn });
    }
    this.lastVersion += 1;
    for (const gone of plan.deletions) {
      const table = this.table(gone.model);
      this.undo?.push(table.restorer(gone.key));
      table.delete(gone.key, this.lastVersion);
    }
  }

  /**
   * Put many new records in at once, past the plug-ins. Stamps as given, otherwise now; keys as
   * given, otherwise new.
   *
   * @throws CrmError when one cannot be stored or refers to a record that is not there; none is
   * stored then.
   */
  load(model: EntityModel, records: readonly Values[]): void {
    const rows = new Map<string, Row>();
    const now = this.newStamps(model);
    for (const given of records) {
      const values = storedValues(model, given);
      const key = String(values[model.key.name] ?? randomUUID());
      if (rows.has(key) || this.find(model, key) !== undefined) {
        throw new CrmError('duplicateRecord', `${model.logicalName} ${key} is there already.`);
      }
      checkRequired(model, values);
      const stamped = { ...stateAfter(model, values), ...now, ...givenStamps(model, given) };
      const record = completeRecord(model, { ...values, [model.key.name]: key, ...stamped });
      this.lastVersion += 1;
      rows.set(key, { key, values: record, version: this.lastVersion });
    }
    for (const { values } of rows.values()) this.checkLookups(model, values, rows);
    this.table(model).load([...rows.values()]);
  }

  /** Carry out several writes together: when one of them throws, those before it are taken back. */
  atomically<Result>(writes: () => Result): Result {
    const { lastVersion } = this;
    const undo: (() => void)[] = [];
    this.undo = undo;
    try {
      return writes();
    } catch (error) {
      for (const step of undo.reverse()) step();
      this.lastVersion = lastVersion;
      throw error;
    } finally {
      this.undo = undefined;
    }
  }

  private throughPlugIns(model: EntityModel, values: Values): Values {
    try {
      return this.options.onWrite?.(model.logicalName, values) ?? values;
    } catch (error) {
      throw new CrmError('refusedByPlugIn', error instanceof Error ? error.message : String(error));
    }
  }

  /** As the stamps have it: whole seconds. */
  private now(): Date {
    return wholeSeconds(new Date(this.options.now().getTime() + this.clockOffsetMs));
  }

  private put(model: EntityModel, key: string, values: SandboxRecord): Row {
    this.lastVersion += 1;
    const table = this.table(model);
    this.undo?.push(table.restorer(key));
    return table.put(key, values, this.lastVersion);
  }

  /** Links have no stamps. */
  private newStamps(model: EntityModel): Values {
    const now = this.now();
    return model.ends.length > 0 ? {} : { CreatedOn: now, ModifiedOn: now };
  }

  private checkNotLinked(model: EntityModel, values: Values): void {
    const [own, other] = model.ends;
    if (own === undefined || other === undefined) return;
    const links = this.table(model).index(own).get(String(values[own.name]))?.sorted() ?? [];
    if (links.some((link) => link.values[other.name] === values[other.name])) {
      throw new CrmError('duplicateRecord', 'Cannot insert duplicate key.');
    }
  }

  private checkLookups(
    model: EntityModel,
    values: Values,
    beingLoaded?: ReadonlyMap<string, Row>,
  ): void {
    for (const property of model.referring) {
      const key = values[property.name];
      if (typeof key !== 'string') continue;
      const target = this.targetOf(property);
      if (this.find(target, key) !== undefined) continue;
      if (target === model && beingLoaded?.has(key) === true) continue;
      throw doesNotExist(target.logicalName, key);
    }
  }
}

function givenStamps(model: EntityModel, given: Values): Record<string, LegacyValue> {
  const stamps: Record<string, LegacyValue> = {};
  for (const property of model.properties.values()) {
    const value = given[property.name] ?? null;
    if (property.role === 'stamp' && value !== null) {
      stamps[property.name] = storedValue(property, value);
    }
  }
  return stamps;
}

/** Every property, those without a value as null. */
function completeRecord(model: EntityModel, values: Values): SandboxRecord {
  return Object.assign({ ...model.emptyRecord }, values);
}
