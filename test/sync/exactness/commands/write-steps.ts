import type { Given } from '../generate/values';
import { withCells, withoutRecord } from '../oracle/changes';
import { associationOf, type ModelName } from '../oracle/facts';
import { rowsOf, sameCell } from '../oracle/rows';
import { prepareBulk, type BulkStep } from './bulk-steps';
import { prepareLinks, type LinkStep } from './link-steps';
import { modelOf } from './reading';
import {
  accessorOf,
  afterCreate,
  cellsOf,
  isReferredTo,
  subjectOf,
  type Prepared,
  type Values,
  type Writing,
} from './writing';

/** One write of the application. */
export type WriteStep =
  | BulkStep
  | LinkStep
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
      return {
        instances: [instance],
        after: afterCreate(writing, model, { instance, kept: cells.kept }),
      };
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
      if (!isRight && writing.isAlone)
        throw new Error(`findOrCreate created: ${String(isCreated)}`);
      const after = isCreated
        ? afterCreate(writing, model, { instance, kept: cells.kept })
        : before;
      return { instances: [instance], after };
    },
  };
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
      return { instances: changed.length > 0 ? [instance] : [], after };
    },
  };
}

const upper = (as: string): string => as.charAt(0).toUpperCase() + as.slice(1);

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
      return isChanged ? { instances: [instance], after } : { after: before };
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
      return { instances: [instance], after: afterCreate(writing, target, { instance, kept }) };
    },
  };
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
    case 'link':
      return prepareLinks(writing, step);
    default:
      return prepareBulk(writing, step);
  }
}

const names: readonly string[] = [
  'create',
  'findOrCreate',
  'createChild',
  'save',
  'setParent',
  'destroy',
  'bulkCreate',
  'updateWhere',
  'destroyWhere',
  'increment',
  'upsert',
  'link',
] satisfies WriteStep['do'][];

/** Whether something that happens is one write. */
export function isWriteStep(command: { readonly do: string }): command is WriteStep {
  return names.includes(command.do);
}
