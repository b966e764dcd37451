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
  return (wire) => {
    const raw = wireObject(wire, `a record of ${entity.entitySet}`);
    const version = spelling.version(raw);
    return {
      key: readKey(entity, raw),
      modifiedOn: readStamp(entity.modifiedOn, raw),
      createdOn: readStamp(entity.createdOn, raw),
      version: typeof version === 'string' ? version : null,
      values: readValues(spelling, { entity, columns }, raw),
      raw,
    };
  };
}

/** @throws MalformedAnswerError when `wire` is no object. */
export function wireObject(wire: unknown, what: string): WireObject {
  if (isWireObject(wire)) return wire;
  throw new MalformedAnswerError(`${what} was expected, something else came`);
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
  { entity, columns }: { readonly entity: LegacyEntity; readonly columns: readonly string[] },
  raw: WireObject,
): Record<string, LegacyValue> {
  const values: Record<string, LegacyValue> = {};
  for (const [index, property] of entity.properties.entries()) {
    const wire = raw[columns[index] ?? property.name];
    if (wire === undefined) continue;
    const primitive = spelling.unwrap === undefined ? wire : spelling.unwrap(property, wire);
    values[property.name] = readWireValue(property, primitive);
  }
  return values;
}
