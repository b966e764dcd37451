import type { Model, Transaction } from 'sequelize';
import type { Given } from '../generate/values';
import { restricting, withRow } from '../oracle/changes';
import { columnOf, entityOf, type ModelName } from '../oracle/facts';
import { keptCell, rowOf, type Cell, type Moment } from '../oracle/rows';
import type { Known, Stage } from '../stage';
import { modelOf } from './reading';

/** What a write gives the columns of a record. */
export type Values = Readonly<Record<string, Given>>;

/** What a write needs beside itself. */
export interface Writing {
  readonly stage: Stage;
  readonly ids: Known;
  readonly transaction: Transaction | undefined;
  /** Nothing else is done at the same time. */
  readonly isAlone: boolean;
  /** The CRM as the write finds it, with what its transaction has not sent yet. */
  readonly before: Moment;
}

/** A write that can be made. */
export interface Prepared {
  /** The CRM may refuse it, or the database here: a record it needs is gone or is still needed. */
  readonly mayFail: boolean;
  /** Do it; gives the instances that the application holds then, and the CRM as it should be. */
  act(): Promise<{ readonly instances?: readonly Model[]; readonly after: Moment }>;
}

/** Values in the application's terms, and as the CRM keeps them. */
export interface Cells {
  readonly local: Readonly<Record<string, unknown>>;
  readonly kept: Readonly<Record<string, Cell>>;
  /** A record that is referred to is not in the CRM any more. */
  readonly isDangling: boolean;
}

/** The values as the application writes them; undefined when it cannot know a record it needs. */
export function cellsOf(
  { ids, stage, before }: Writing,
  model: ModelName,
  values: Values,
): Cells | undefined {
  const local: Record<string, unknown> = {};
  const kept: Record<string, Cell> = {};
  let isDangling = false;
  for (const [attribute, given] of Object.entries(values)) {
    const column = columnOf(model, attribute);
    if (given !== null && typeof given === 'object' && !(given instanceof Date)) {
      const target = column.target ?? model;
      const legacyId = ids.legacyId(target, given.ref);
      const isHere = stage.ids.localId(target, legacyId) !== undefined;
      if (!isHere && column.required) return undefined;
      local[attribute] = isHere ? ids.localId(target, given.ref) : null;
      kept[attribute] = isHere ? legacyId : null;
      isDangling ||= isHere && !rowOf(before, target, legacyId);
    } else {
      local[attribute] = given;
      kept[attribute] = keptCell(column, given);
    }
  }
  return { local, kept, isDangling };
}

function newRow(model: ModelName, kept: Readonly<Record<string, Cell>>): Record<string, Cell> {
  const empty = entityOf(model).columns.map(({ attribute }): [string, Cell] => [attribute, null]);
  return { ...Object.fromEntries(empty), ...kept };
}

/** The CRM with one more record. */
export function afterCreate(
  { before }: Writing,
  model: ModelName,
  { instance, kept }: { readonly instance: Model; readonly kept: Readonly<Record<string, Cell>> },
): Moment {
  const legacyId = String(instance.get('legacyId'));
  return withRow(before, model, { legacyId, cells: newRow(model, kept) });
}

/** An instance that is written to. */
export interface Subject {
  readonly instance: Model;
  readonly legacyId: string;
  readonly isGone: boolean;
}

/** The instance that is written to: read now, or as it was left here. */
export async function subjectOf(
  { stage, ids, transaction, before }: Writing,
  {
    model,
    ref,
    isStale,
  }: { readonly model: ModelName; readonly ref: number; readonly isStale: boolean },
): Promise<Subject | undefined> {
  const legacyId = ids.legacyId(model, ref);
  const options = { where: { legacyId }, transaction, skipLegacy: isStale };
  const instance = await modelOf(stage, model).findOne(options as object);
  return instance ? { instance, legacyId, isGone: !rowOf(before, model, legacyId) } : undefined;
}

type Accessor = (value: unknown, options: object) => Promise<Model>;

/** A method that an association gives its instances. */
export function accessorOf(instance: Model, name: string): Accessor {
  const accessor = (instance as unknown as Record<string, Accessor | undefined>)[name];
  if (!accessor) throw new Error(`There is no accessor ${name}.`);
  return accessor.bind(instance);
}

/** Whether rows here keep a row from being deleted. */
export async function isReferredTo(
  { stage, transaction }: Writing,
  name: ModelName,
  instance: Model,
): Promise<boolean> {
  for (const { model, attribute } of restricting(name)) {
    const where = { [attribute]: instance.get('id') };
    const options = { where, transaction, skipLegacy: true };
    if ((await modelOf(stage, model).count(options as object)) > 0) return true;
  }
  return false;
}
