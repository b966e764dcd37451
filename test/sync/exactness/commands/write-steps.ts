import type { Model, Transaction } from 'sequelize';
import type { Given } from '../generate/values';
import { associationOf, columnOf, entityOf, type ModelName } from '../oracle/facts';
import { rowOf, rowsOf, sameCell, keptCell, type Cell, type Moment } from '../oracle/rows';
import { restricting, withCells, withoutRecord, withRow } from '../oracle/changes';
import type { Known, Stage } from '../stage';
import { modelOf } from './reading';

type Values = Readonly<Record<string, Given>>;

/** One write of the application. */
export type WriteStep =
  | { readonly do: 'create'; readonly model: ModelName; readonly values: Values }
  | {
      readonly do: 'findOrCreate';
      readonly model: ModelName;
      readonly attribute: string;
      readonly value: Given;
      readonly values: Values;
    }
  | {
      readonly do: 'createChild';
      readonly model: ModelName;
      readonly ref: number;
      readonly as: string;
      readonly values: Values;
    }
  | {
      readonly do: 'save';
      readonly model: ModelName;
      readonly ref: number;
      readonly changes: Values;
      /** Of an instance that was read a while ago, and is not read again. */
      readonly isStale: boolean;
    }
  | {
      readonly do: 'setParent';
      readonly model: ModelName;
      readonly ref: number;
      readonly as: string;
      readonly other: number | null;
    }
  | { readonly do: 'destroy'; readonly model: ModelName; readonly ref: number };

/** What a write needs beside itself. */
export interface Writing {
  readonly stage: Stage;
  readonly ids: Known;
  readonly transaction: Transaction | undefined;
  /** The CRM as the write finds it, with what its transaction has not sent yet. */
  readonly before: Moment;
}

/** A write that can be made. */
export interface Prepared {
  /** The CRM may refuse it, or the database here: a record it needs is gone or is still needed. */
  readonly mayFail: boolean;
  /** Do it; gives the instance that the application holds then, and the CRM as it should be. */
  act(): Promise<{ readonly instance?: Model | undefined; readonly after: Moment }>;
}

interface Cells {
  readonly local: Readonly<Record<string, unknown>>;
  readonly kept: Readonly<Record<string, Cell>>;
  /** A record that is referred to is not in the CRM any more. */
  readonly isDangling: boolean;
}

/** The values as the application writes them; undefined when it cannot know a record it needs. */
function cellsOf(
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

function afterCreate(
  { before }: Writing,
  model: ModelName,
  { instance, kept }: { readonly instance: Model; readonly kept: Readonly<Record<string, Cell>> },
): Moment {
  const legacyId = String(instance.get('legacyId'));
  return withRow(before, model, { legacyId, cells: newRow(model, kept) });
}

function prepareCreate(
  writing: Writing,
  { model, values }: Extract<WriteStep, { do: 'create' }>,
): Prepared | undefined {
  const cells = cellsOf(writing, model, values);
  if (!cells) return undefined;
  const { stage, transaction } = writing;
  return {
    mayFail: cells.isDangling,
    act: async () => {
      const instance = await modelOf(stage, model).create(cells.local, { transaction });
      return { instance, after: afterCreate(writing, model, { instance, kept: cells.kept }) };
    },
  };
}

function prepareFindOrCreate(
  writing: Writing,
  { model, attribute, value, values }: Extract<WriteStep, { do: 'findOrCreate' }>,
): Prepared | undefined {
  const cells = cellsOf(writing, model, { ...values, [attribute]: value });
  if (!cells) return undefined;
  const { stage, transaction, before } = writing;
  const wanted = cells.kept[attribute] ?? null;
  const matching = rowsOf(before, model).filter((row) =>
    sameCell(row.cells[attribute] ?? null, wanted),
  );
  return {
    mayFail: cells.isDangling,
    act: async () => {
      const [instance, isCreated] = await modelOf(stage, model).findOrCreate({
        where: { [attribute]: cells.local[attribute] },
        defaults: cells.local,
        transaction,
      });
      const isRight = isCreated === (matching.length === 0);
      if (!isRight) throw new Error(`findOrCreate created: ${String(isCreated)}`);
      const after = isCreated
        ? afterCreate(writing, model, { instance, kept: cells.kept })
        : before;
      return { instance, after };
    },
  };
}

interface Subject {
  readonly instance: Model;
  readonly legacyId: string;
  readonly isGone: boolean;
}

/** The instance that is written to: read now, or as it was left here. */
async function subjectOf(
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

async function prepareSave(
  writing: Writing,
  { model, ref, changes, isStale }: Extract<WriteStep, { do: 'save' }>,
): Promise<Prepared | undefined> {
  const subject = await subjectOf(writing, { model, ref, isStale });
  const cells = cellsOf(writing, model, changes);
  if (!subject || !cells) return undefined;
  const { instance, legacyId, isGone } = subject;
  instance.set(cells.local);
  const changed = Object.entries(cells.kept).filter(([name]) => instance.changed(name as never));
  const after = withCells(writing.before, { name: model, legacyId }, Object.fromEntries(changed));
  return {
    mayFail: cells.isDangling || isGone,
    act: async () => {
      await instance.save({ transaction: writing.transaction });
      return { instance: changed.length > 0 ? instance : undefined, after };
    },
  };
}

const upper = (as: string): string => as.charAt(0).toUpperCase() + as.slice(1);

type Accessor = (value: unknown, options: object) => Promise<Model>;

function accessorOf(instance: Model, name: string): Accessor {
  const accessor = (instance as unknown as Record<string, Accessor | undefined>)[name];
  if (!accessor) throw new Error(`There is no accessor ${name}.`);
  return accessor.bind(instance);
}

async function prepareSetParent(
  writing: Writing,
  { model, ref, as, other }: Extract<WriteStep, { do: 'setParent' }>,
): Promise<Prepared | undefined> {
  const subject = await subjectOf(writing, { model, ref, isStale: true });
  const { foreignKey } = associationOf(model, as);
  const value = other === null ? null : { ref: other };
  const cells = cellsOf(writing, model, { [foreignKey]: value });
  if (!subject || !cells) return undefined;
  const { instance, legacyId, isGone } = subject;
  const id = cells.local[foreignKey] ?? null;
  const isChanged = instance.get(foreignKey) !== id;
  const { before, transaction } = writing;
  return {
    mayFail: cells.isDangling || isGone,
    act: async () => {
      await accessorOf(instance, `set${upper(as)}`)(id, { transaction });
      const after = withCells(before, { name: model, legacyId }, cells.kept);
      return isChanged ? { instance, after } : { after: before };
    },
  };
}

async function prepareCreateChild(
  writing: Writing,
  { model, ref, as, values }: Extract<WriteStep, { do: 'createChild' }>,
): Promise<Prepared | undefined> {
  const subject = await subjectOf(writing, { model, ref, isStale: true });
  const { target, foreignKey } = associationOf(model, as);
  const cells = cellsOf(writing, target, values);
  if (!subject || !cells) return undefined;
  const { transaction } = writing;
  const kept = { ...cells.kept, [foreignKey]: subject.legacyId };
  const name = as === 'branches' ? 'Branch' : upper(as).replace(/s$/, '');
  return {
    mayFail: cells.isDangling || subject.isGone,
    act: async () => {
      const create = accessorOf(subject.instance, `create${name}`);
      const instance = await create(cells.local, { transaction });
      return { instance, after: afterCreate(writing, target, { instance, kept }) };
    },
  };
}

/** Whether rows here keep a row from being deleted. */
async function isReferredTo(
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

async function prepareDestroy(
  writing: Writing,
  { model, ref }: Extract<WriteStep, { do: 'destroy' }>,
): Promise<Prepared | undefined> {
  const subject = await subjectOf(writing, { model, ref, isStale: true });
  if (!subject) return undefined;
  const { before, transaction } = writing;
  const { instance, legacyId, isGone } = subject;
  const after = withoutRecord(before, model, legacyId);
  return {
    mayFail: isGone || !after || (await isReferredTo(writing, model, instance)),
    act: async () => {
      await instance.destroy({ transaction });
      return { after: after ?? before };
    },
  };
}

/** Make a write ready; nothing when the application does not know the records that it needs. */
export async function prepare(writing: Writing, step: WriteStep): Promise<Prepared | undefined> {
  switch (step.do) {
    case 'create':
      return prepareCreate(writing, step);
    case 'findOrCreate':
      return prepareFindOrCreate(writing, step);
    case 'createChild':
      return prepareCreateChild(writing, step);
    case 'save':
      return prepareSave(writing, step);
    case 'setParent':
      return prepareSetParent(writing, step);
    case 'destroy':
      return prepareDestroy(writing, step);
  }
}
