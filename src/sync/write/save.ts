import { randomUUID } from 'node:crypto';
import type { Model, ModelStatic, Transaction } from 'sequelize';
import { transactionOf } from '../../model/context';
import type { Deactivation, MappedAttribute, Mapping } from '../../mapping';
import type { Synced } from '../runtime';
import { createRecords, getsKey } from './create';
import { legacyIdOf } from './legacy-id';
import { createSuccessor, reactivateRecords } from './reactivate';
import { inReservedWrite, inSyncedWrite, type SyncedWrite } from './synced-write';
import { updateRecords } from './update';
import { isMixed, noteMixed } from './vouched';

/** The options of `save` that the sync layer looks at. */
export interface SaveOptions {
  transaction?: Transaction | null;
  fields?: string[];
  silent?: boolean;
  /** Set by Sequelize for the records that `create({ include })` creates with another. */
  parentRecord?: Model;
}

/** An instance with the columns that the sync layer keeps. */
export type SyncedInstance = Model & { legacyId: string | null };

/** A save to be made on both sides. */
export interface Save<T> {
  readonly synced: Synced;
  readonly instance: SyncedInstance;
  readonly options: SaveOptions;
  /** Sequelize's own save, which stays local. */
  run(options: SaveOptions): Promise<T>;
}

/**
 * Save an instance on both sides or on neither.
 *
 * The local change comes first: constraints, validations, hooks and default values speak, and the
 * row's lock orders writers. Then the changed fields are sent, and the record as the service has it
 * afterwards replaces what was assumed: it trims, rounds, and runs plug-ins.
 */
export async function saveBoth<T>(save: Save<T>): Promise<T> {
  const { instance, synced } = save;
  const wasNew = instance.isNewRecord;
  const given = await legacyIdOf(instance, transactionOf(save.options));
  const unsaved = stateOf(instance);
  const wasMixed = isMixed(instance);
  const isBack = given !== null && (wasNew || isRestored(instance));
  const { deactivation } = synced.mapping;
  if (deactivation && isBack) return saveRestored(save, deactivation);
  const isCreate = wasNew || given === null || isRestored(instance);
  if (isCreate && (given === null || !wasNew) && getsKey(synced)) {
    instance.legacyId = randomUUID();
  }
  const inWrite = writerOf(save, isCreate);
  try {
    return await inWrite(synced, save.options, async (write) => {
      const before = knownValues(instance);
      if (isCreate) waiting.set(instance, []);
      const result = await save.run(localOptions(save, write));
      if (isCreate) await createInOrder(write, save, wasNew);
      else await sendChanges(write, save, before);
      return result;
    });
  } catch (error) {
    restoreState(instance, unsaved);
    noteMixed(instance, wasMixed);
    throw error;
  }
}

/**
 * Save a row whose record was made inactive when it was destroyed, and may be there still: it is made
 * active again.
 */
async function saveRestored<T>(save: Save<T>, deactivation: Deactivation): Promise<T> {
  const { instance, synced } = save;
  const wasNew = instance.isNewRecord;
  const unsaved = stateOf(instance);
  const wasMixed = isMixed(instance);
  const changed = instance.changed() || [];
  try {
    return await inSyncedWrite(synced, save.options, async (write) => {
      if (wasNew) waiting.set(instance, []);
      const before = wasNew ? unsaved.dataValues : knownValues(instance);
      const result = await save.run(localOptions(save, write));
      const after = knownValues(instance);
      // Hooks have set more. A new row holds null where nothing was set, and what the record has stays.
      const own = changedFields(synced.mapping, before, after).filter(
        ({ attribute }) => !wasNew || isFilled(before, after, attribute),
      );
      const sent = synced.mapping.attributes.filter(
        (one) => one.sent && (changed.includes(one.attribute as never) || own.includes(one)),
      );
      const rows = [{ instance, changed: sent }];
      const [lost] = await reactivateRecords(write, deactivation, rows);
      if (lost && wasNew) await createInOrder(write, save, wasNew);
      else if (lost) await createSuccessor(write, instance);
      else await createChildren(write, instance);
      return result;
    });
  } catch (error) {
    restoreState(instance, unsaved);
    noteMixed(instance, wasMixed);
    throw error;
  }
}

/** Creates that wait for the record that they refer to, by the instance of that record. */
const waiting = new WeakMap<Model, ((write: SyncedWrite) => Promise<void>)[]>();

/**
 * Create the legacy record; or, of an instance that `create({ include })` inserts from within the
 * insert of its parent, have it created after the parent's: it refers to that.
 */
async function createInOrder<T>(
  write: SyncedWrite,
  { instance, options, synced }: Save<T>,
  wasNew: boolean,
): Promise<void> {
  const { parentRecord } = options;
  const queue = parentRecord?.isNewRecord === false ? waiting.get(parentRecord) : undefined;
  const create = async (outer: SyncedWrite): Promise<void> => {
    await createRecords({ ...outer, mapping: synced.mapping }, [{ instance, wasNew }]);
    await createChildren(outer, instance);
  };
  if (queue) queue.push(create);
  else await create(write);
}

/** Create the records that waited for the one of an instance. */
async function createChildren(write: SyncedWrite, instance: Model): Promise<void> {
  const children = waiting.get(instance) ?? [];
  waiting.delete(instance);
  for (const createChild of children) await createChild(write);
}

/**
 * Restoring a soft-deleted row: its legacy record is gone, and gets a successor; or, where it was made
 * inactive, is made active again.
 */
function isRestored(instance: Model): boolean {
  const { paranoid, deletedAt } = (instance.constructor as ModelStatic<Model>).options;
  const attribute = typeof deletedAt === 'string' ? deletedAt : 'deletedAt';
  return paranoid === true && instance.changed(attribute as never) && !instance.get(attribute);
}

/** What is sent with its call is noted alone. */
function writerOf<T>(save: Save<T>, isCreate: boolean): typeof inSyncedWrite {
  const isAtOnce = save.synced.runtime.writes !== 'changeset';
  return isAtOnce && (isCreate || isTouched(save)) ? inReservedWrite : inSyncedWrite;
}

/** Whether the instance has changes that the legacy system is to have. */
function isTouched<T>({ instance, synced: { mapping } }: Save<T>): boolean {
  const changed = instance.changed();
  return (changed === false ? [] : changed).some(
    (attribute) => mapping.byAttribute.has(attribute) || attribute === 'legacyId',
  );
}

function localOptions<T>(save: Save<T>, write: SyncedWrite): SaveOptions {
  const { instance, options } = save;
  // A change of unmapped columns alone must not look like one that the legacy system lacks.
  const silent = options.silent ?? (!instance.isNewRecord && !isTouched(save));
  const fields = options.fields && withLegacyId(instance, options.fields);
  return { ...options, ...(fields && { fields }), silent, transaction: write.transaction };
}

function withLegacyId(instance: SyncedInstance, fields: string[]): string[] {
  return instance.changed('legacyId') ? [...new Set([...fields, 'legacyId'])] : fields;
}

async function sendChanges<T>(
  write: SyncedWrite,
  { instance }: Save<T>,
  before: Readonly<Record<string, unknown>>,
): Promise<void> {
  const changed = changedFields(write.mapping, before, knownValues(instance));
  if (changed.length === 0) return;
  await updateRecords(write, [{ instance, changed, before }]);
}

type Values = Readonly<Record<string, unknown>>;

/** What was saved that the database was not known to hold before. */
function changedFields({ attributes }: Mapping, before: Values, after: Values): MappedAttribute[] {
  return attributes.filter(
    ({ attribute }) =>
      after[attribute] !== undefined &&
      (before[attribute] === undefined || !isSame(before[attribute], after[attribute])),
  );
}

function isFilled(before: Values, after: Values, attribute: string): boolean {
  return isSame(before[attribute], null) && !isSame(after[attribute], null);
}

/** The values that the database is known to hold; after a save, the saved ones. */
function previousValues(instance: Model): Readonly<Record<string, unknown>> {
  return (instance as unknown as { _previousDataValues: Record<string, unknown> })
    ._previousDataValues;
}

/**
 * The same without changes that were not saved yet: a reload of other attributes makes Sequelize note
 * them as if the database held them.
 */
function knownValues(instance: Model): Readonly<Record<string, unknown>> {
  const values = { ...previousValues(instance) };
  const unsaved = instance.changed();
  for (const attribute of unsaved === false ? [] : unsaved) {
    if (isSame(values[attribute], instance.getDataValue(attribute as never)))
      values[attribute] = undefined;
  }
  return values;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a === b || (a ?? null) === (b ?? null);
}

interface InstanceState {
  dataValues: Record<string, unknown>;
  _previousDataValues: Record<string, unknown>;
  _changed: Set<string>;
  isNewRecord: boolean;
}

function stateOf(instance: Model): InstanceState {
  const state = instance as unknown as InstanceState;
  return {
    dataValues: { ...state.dataValues },
    _previousDataValues: { ...state._previousDataValues },
    _changed: new Set(state._changed),
    isNewRecord: state.isNewRecord,
  };
}

/** A failed save leaves the instance as it was: changed, and not saved. */
function restoreState(instance: Model, state: InstanceState): void {
  Object.assign(instance, state);
}
