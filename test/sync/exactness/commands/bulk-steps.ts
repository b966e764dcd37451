import type { Model } from 'sequelize';
import type { Condition } from '../oracle/conditions';
import { sumOf } from '../oracle/decimals';
import { withCells, withoutRecord } from '../oracle/changes';
import { columnOf, type ModelName } from '../oracle/facts';
import { allMatches } from '../oracle/queries';
import { keptCell, rowOf, type Cell, type Moment, type Row } from '../oracle/rows';
import { whereOf } from '../sequelize-options';
import { modelOf } from './reading';
import {
  afterCreate,
  cellsOf,
  isReferredTo,
  type Prepared,
  type Values,
  type Writing,
} from './writing';

/** A write of many records at once. */
export type BulkStep =
  | { readonly do: 'bulkCreate'; readonly model: ModelName; readonly rows: readonly Values[] }
  | {
      readonly do: 'updateWhere';
      readonly model: ModelName;
      readonly where: Condition;
      readonly changes: Values;
    }
  | { readonly do: 'destroyWhere'; readonly model: ModelName; readonly where: Condition }
  | {
      readonly do: 'increment';
      readonly model: ModelName;
      readonly where: Condition;
      readonly attribute: string;
      readonly by: number;
    }
  | {
      readonly do: 'upsert';
      readonly model: ModelName;
      readonly ref: number;
      readonly values: Values;
    };

function matching({ before, ids }: Writing, model: ModelName, where: Condition): Row[] {
  const view = { moment: before, terms: ids };
  return allMatches(view, { model, where }).map(({ row }) => row);
}

/** What a call says of its rows is only certain while nobody else is at work. */
function counted({ isAlone }: Writing, shown: number, wanted: number): void {
  if (isAlone && shown !== wanted) throw new Error(`The call says ${shown} rows, not ${wanted}`);
}

function prepareBulkCreate(
  writing: Writing,
  { model, rows }: Extract<BulkStep, { do: 'bulkCreate' }>,
): Prepared | undefined {
  const known = rows.flatMap((values) => cellsOf(writing, model, values) ?? []);
  if (known.length === 0) return undefined;
  const { stage, transaction } = writing;
  return {
    mayFail: known.some(({ isDangling }) => isDangling),
    act: async () => {
      const instances = await modelOf(stage, model).bulkCreate(
        known.map(({ local }) => local),
        { transaction },
      );
      let after = writing.before;
      for (const [at, { kept }] of known.entries()) {
        const instance = instances[at];
        if (instance) after = afterCreate({ ...writing, before: after }, model, { instance, kept });
      }
      return { instances, after };
    },
  };
}

function prepareUpdateWhere(
  writing: Writing,
  { model, where, changes }: Extract<BulkStep, { do: 'updateWhere' }>,
): Prepared | undefined {
  const cells = cellsOf(writing, model, changes);
  if (!cells) return undefined;
  const { stage, ids, transaction, before } = writing;
  const rows = matching(writing, model, where);
  return {
    mayFail: cells.isDangling,
    act: async () => {
      const options = { where: whereOf({ ids, name: model }, where), transaction };
      const [count] = await modelOf(stage, model).update(cells.local, options);
      counted(writing, count, rows.length);
      const after = rows.reduce<Moment>(
        (moment, { legacyId }) => withCells(moment, { name: model, legacyId }, cells.kept),
        before,
      );
      return { after };
    },
  };
}

/** Whether one of these rows cannot go, or may be kept by rows here. */
async function mayStay(writing: Writing, model: ModelName, rows: readonly Row[]): Promise<boolean> {
  const { stage, transaction, before } = writing;
  for (const { legacyId } of rows) {
    if (!withoutRecord(before, model, legacyId)) return true;
    const options = { where: { legacyId }, transaction, skipLegacy: true };
    const instance: Model | null = await modelOf(stage, model).findOne(options as object);
    if (instance && (await isReferredTo(writing, model, instance))) return true;
  }
  return false;
}

async function prepareDestroyWhere(
  writing: Writing,
  { model, where }: Extract<BulkStep, { do: 'destroyWhere' }>,
): Promise<Prepared> {
  const { stage, ids, transaction, before } = writing;
  const rows = matching(writing, model, where);
  const mayFail = await mayStay(writing, model, rows);
  return {
    mayFail,
    act: async () => {
      const options = { where: whereOf({ ids, name: model }, where), transaction };
      const count = await modelOf(stage, model).destroy(options);
      counted(writing, count, rows.length);
      const after = rows.reduce<Moment>(
        (moment, { legacyId }) => withoutRecord(moment, model, legacyId) ?? moment,
        before,
      );
      return { after };
    },
  };
}

function incremented(
  model: ModelName,
  attribute: string,
  { row, by }: { row: Row; by: number },
): Cell {
  const cell = row.cells[attribute] ?? null;
  if (cell === null) return null;
  const sum = sumOf([String(cell), by]);
  const column = columnOf(model, attribute);
  return column.kind === 'decimal' ? keptCell(column, sum) : Number(sum);
}

function prepareIncrement(
  writing: Writing,
  { model, where, attribute, by }: Extract<BulkStep, { do: 'increment' }>,
): Prepared {
  const { stage, ids, transaction, before } = writing;
  const rows = matching(writing, model, where);
  return {
    mayFail: false,
    act: async () => {
      const options = { where: whereOf({ ids, name: model }, where), by, transaction };
      await modelOf(stage, model).increment(attribute, options as never);
      const after = rows.reduce<Moment>((moment, row) => {
        const cell = incremented(model, attribute, { row, by });
        return withCells(moment, { name: model, legacyId: row.legacyId }, { [attribute]: cell });
      }, before);
      return { after };
    },
  };
}

function prepareUpsert(
  writing: Writing,
  { model, ref, values }: Extract<BulkStep, { do: 'upsert' }>,
): Prepared | undefined {
  const cells = cellsOf(writing, model, values);
  if (!cells) return undefined;
  const { stage, ids, transaction, before } = writing;
  const legacyId = ids.legacyId(model, ref);
  const id = stage.ids.localId(model, legacyId);
  const isGone = id !== undefined && !rowOf(before, model, legacyId);
  return {
    mayFail: cells.isDangling || isGone,
    act: async () => {
      const given = { ...cells.local, ...(id !== undefined && { id }) };
      const [instance] = await modelOf(stage, model).upsert(given, { transaction });
      // A row whose record is gone leaves with it: what is inserted then has a record of its own.
      const after =
        id === undefined || isGone
          ? afterCreate(writing, model, { instance, kept: cells.kept })
          : withCells(before, { name: model, legacyId }, cells.kept);
      return { instances: [instance], after };
    },
  };
}

/** Make a write of many records ready. */
export async function prepareBulk(writing: Writing, step: BulkStep): Promise<Prepared | undefined> {
  switch (step.do) {
    case 'bulkCreate':
      return prepareBulkCreate(writing, step);
    case 'updateWhere':
      return prepareUpdateWhere(writing, step);
    case 'destroyWhere':
      return prepareDestroyWhere(writing, step);
    case 'increment':
      return prepareIncrement(writing, step);
    case 'upsert':
      return prepareUpsert(writing, step);
  }
}
