import type { LegacyEntity, LegacyProperty, LegacyRecord, LegacyValue } from '../entity';
import { MalformedAnswerError } from './problems';
import { readWireValue } from './wire-values';

/** An object of an answer, before anything is known of it. */
export type WireObject = Readonly<Record<string, unknown>>;

/** How a dialect's answers name and wrap what they hold. */
export interface RecordSpelling {
  /** The member that holds the property: `optevia_Sector`, `_optevia_sector_value`. */
  column(property: LegacyProperty): string;
  /** The primitive inside a member: `{ Value: 1 }` becomes 1. */
  unwrap?(property: LegacyProperty, wire: unknown): unknown;
  /** The record's ETag, where the answer has it. */
  version(wire: WireObject): unknown;
}

/**
 * Read one record of an answer.
 *
 * @throws {@link MalformedAnswerError} naming the property that cannot be read.
 */
export function readRecord(
  spelling: RecordSpelling,
  entity: LegacyEntity,
  wire: unknown,
): LegacyRecord {
  return recordReader(spelling, entity)(wire);
}

/** {@link readRecord} for many records: what all of them have in common is worked out once. */
export function recordReader(
  spelling: RecordSpelling,
  entity: LegacyEntity,
): (wire: unknown) => LegacyRecord {
  const columns = entity.properties.map((property) => spelling.column(property));
  const read = (raw: WireObject): LegacyRecord => {
    const version = spelling.version(raw);
    return {
      key: readKey(entity, raw),
      modifiedOn: readStamp(entity.modifiedOn, raw),
      createdOn: readStamp(entity.createdOn, raw),
      version: typeof version === 'string' ? version : null,
      values: readValues(spelling, { properties: entity.properties, columns }, raw),
      raw,
    };
  };
  return (wire) => {
    const raw = wireObject(wire, `a record of ${entity.entitySet}`);
    try {
      return read(raw);
    } catch (error) {
      if (!(error instanceof MalformedAnswerError) || !entity.keepsUnreadable) throw error;
      return readableParts(spelling, { entity, problem: error.message }, raw);
    }
  };
}

/** A record with those of its values that can be read. */
function readableParts(
  spelling: RecordSpelling,
  { entity, problem }: { readonly entity: LegacyEntity; readonly problem: string },
  raw: WireObject,
): LegacyRecord {
  const values: Record<string, LegacyValue> = {};
  for (const property of entity.properties) {
    const one = { properties: [property], columns: [spelling.column(property)] };
    Object.assign(
      values,
      readable(() => readValues(spelling, one, raw)),
    );
  }
  return {
    key: readKey(entity, raw),
    modifiedOn: readable(() => readStamp(entity.modifiedOn, raw)) ?? null,
    createdOn: readable(() => readStamp(entity.createdOn, raw)) ?? null,
    version: null,
    values,
    raw,
    unreadable: problem,
  };
}

/** Undefined for what cannot be read. */
function readable<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedAnswerError) return undefined;
    throw error;
  }
}

/** @throws MalformedAnswerError when `wire` is no object. */
export function wireObject(wire: unknown, what: string): WireObject {
  if (isWireObject(wire)) return wire;
  throw new MalformedAnswerError(`${what} was expected, something else came`);
}

/**
 * Refuse a list that its service has broken off: the status was sent before it met an error, which so
 * stands beside the records that came before.
 *
 * @throws MalformedAnswerError
 */
export function requireWhole(list: unknown): void {
  if (!isWireObject(list) || (list.error ?? null) === null) return;
  throw new MalformedAnswerError('the service broke the list off with an error');
}

/** Tell whether a part of an answer is an object with members. */
export function isWireObject(wire: unknown): wire is WireObject {
  return typeof wire === 'object' && wire !== null && !Array.isArray(wire);
}

function readKey(entity: LegacyEntity, raw: WireObject): string {
  const key = readWireValue({ name: entity.key, kind: 'guid' }, raw[entity.key] ?? null);
  if (typeof key === 'string') return key;
  throw new MalformedAnswerError(
    `a record of ${entity.entitySet} came without its key ${entity.key}`,
  );
}

function readStamp(name: string | undefined, raw: WireObject): Date | null {
  if (name === undefined) return null;
  const stamp = readWireValue({ name, kind: 'dateTime' }, raw[name] ?? null);
  return stamp instanceof Date ? stamp : null;
}

function readValues(
  spelling: RecordSpelling,
  of: { readonly properties: readonly LegacyProperty[]; readonly columns: readonly string[] },
  raw: WireObject,
): Record<string, LegacyValue> {
  const values: Record<string, LegacyValue> = {};
  for (const [index, property] of of.properties.entries()) {
    const wire = raw[of.columns[index] ?? property.name];
    if (wire === undefined) continue;
    const primitive = spelling.unwrap === undefined ? wire : spelling.unwrap(property, wire);
    values[property.name] = readWireValue(property, primitive);
  }
  return values;
}
