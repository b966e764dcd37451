import { randomUUID } from 'node:crypto';
import { type EdmValue, Ticks } from './edm';
import { badRequest, type EntitySetType, type Row, ServiceRefusal } from './schema';

/** A stored record and its version. */
export interface Stored {
  row: Row;
  version: number;
}

/** The records of all entity sets. */
export class Store {
  private readonly records = new Map<string, Map<string, Stored>>();
  private readonly sets: ReadonlyMap<string, EntitySetType>;
  private lastStamp = 0n;
  private versions = 0;

  constructor(sets: readonly EntitySetType[]) {
    this.sets = new Map(sets.map((set) => [set.name, set]));
    this.clear();
  }

  clear(): void {
    for (const name of this.sets.keys()) this.records.set(name, new Map());
  }

  set(name: string): EntitySetType {
    const set = this.sets.get(name);
    if (set === undefined) throw new ServiceRefusal(404, `There is no ${name}`);
    return set;
  }

  all(set: EntitySetType): Stored[] {
    return [...this.of(set).values()];
  }

  find(set: EntitySetType, key: string): Stored | undefined {
    return this.of(set).get(key);
  }

  /** @param key - by default a new one. @throws ServiceRefusal 409 where there is such a record. */
  insert(set: EntitySetType, values: Row, key: string = randomUUID()): Stored {
    if (this.find(set, key) !== undefined) throw new ServiceRefusal(409, 'It exists already');
    const row: Row = { [set.key]: key, ...complete(set, values) };
    const stored = { row, version: 0 };
    this.touch(set, stored);
    if (set.createdAt !== undefined) row[set.createdAt] ??= row[set.changedAt ?? ''] ?? null;
    this.of(set).set(key, stored);
    return stored;
  }

  update(set: EntitySetType, stored: Stored, values: Row): void {
    for (const [name, value] of Object.entries(values)) {
      const isMissing = value === null && set.properties[name]?.nullable === false;
      if (isMissing) throw badRequest(`${name} must not be null`);
    }
    Object.assign(stored.row, values);
    this.touch(set, stored);
  }

  delete(set: EntitySetType, key: string): void {
    this.of(set).delete(key);
  }

  /** NOTE: stamps of 100 ns that no JavaScript Date can hold, each later than the one before. */
  private touch(set: EntitySetType, stored: Stored): void {
    this.versions += 1;
    stored.version = this.versions;
    if (set.changedAt === undefined) return;
    const now = Ticks.ofMilliseconds(Date.now()).count + 1_234n;
    this.lastStamp = now > this.lastStamp ? now : this.lastStamp + 1n;
    stored.row[set.changedAt] = new Ticks(this.lastStamp) satisfies EdmValue;
  }

  private of(set: EntitySetType): Map<string, Stored> {
    const records = this.records.get(set.name);
    if (records === undefined) throw new Error(`${set.name} is no entity set of this server`);
    return records;
  }
}

/** Every property, null where nothing was given. */
function complete(set: EntitySetType, values: Row): Row {
  const row: Row = {};
  for (const [name, { nullable = true }] of Object.entries(set.properties)) {
    const value = values[name] ?? null;
    const isStamp = name === set.changedAt || name === set.createdAt;
    if (value === null && !nullable && !isStamp) throw badRequest(`${name} must not be null`);
    row[name] = value;
  }
  return row;
}
