import { bounds } from '../comparing';
import type { Condition } from '../oracle/conditions';
import type { ModelName } from '../oracle/facts';
import { countOf, distinctOf } from '../oracle/figures';
import type { IncludeQuery, RowQuery } from '../oracle/queries';
import { optionsOf } from '../sequelize-options';
import { sqlName } from '../oracle/facts';
import {
  modelOf,
  rowVerdict,
  valueVerdict,
  whenStill,
  type Reading,
  type Verdict,
} from './reading';

/** A read of rows by a condition. */
export interface RowRead {
  readonly do: 'rows';
  readonly by: 'findAll' | 'findOne' | 'findAndCountAll' | 'raw' | 'scope' | 'inTransaction';
  readonly query: RowQuery;
}

/** `findByPk()`. */
export interface ByPkRead {
  readonly do: 'byPk';
  readonly model: ModelName;
  readonly ref: number;
  readonly include?: readonly IncludeQuery[];
}

/** `count()`. */
export interface CountRead {
  readonly do: 'count';
  readonly query: RowQuery;
  readonly distinct: boolean;
  /** Counts the different values of an attribute. */
  readonly column?: string;
}

/** A count in a window lies between what stayed and all that ever was. */
function countVerdict(reading: Reading, query: RowQuery, shown: number): Verdict {
  return (views) => {
    const { may, must } = bounds({ ids: reading.stage.ids, views }, query);
    const most = new Set(may.flat().map(({ row }) => row.legacyId)).size;
    const isRight = shown >= must.length && shown <= most;
    return isRight ? [] : [`the count is ${shown}, not ${must.length} to ${most}`];
  };
}

function exactCount(
  reading: Reading,
  query: RowQuery,
  { shown, distinct }: { readonly shown: number; readonly distinct: boolean },
): Verdict {
  const wanted = valueVerdict('the count', shown, (view) => countOf(view, query, distinct));
  // With includes the joins of different moments may meet.
  if (query.include) return whenStill(wanted);
  const loose = countVerdict(reading, query, shown);
  return (views) => (views.length === 1 ? wanted(views) : loose(views));
}

/** Read rows, in one of the ways that an application has. */
export async function readRows(reading: Reading, { by, query }: RowRead): Promise<Verdict> {
  const { stage, ids, transaction } = reading;
  const model = modelOf(stage, query.model);
  const options = { ...optionsOf(ids, query), transaction };
  switch (by) {
    case 'findAll':
      return rowVerdict(reading, query, await model.findAll(options));
    case 'inTransaction': {
      const rows = await stage.world.sequelize.transaction({ transaction }, (inner) =>
        model.findAll({ ...options, transaction: inner }),
      );
      return rowVerdict(reading, query, rows);
    }
    case 'findOne': {
      const row = await model.findOne(options);
      return rowVerdict(reading, { ...query, limit: 1 }, row ? [row] : []);
    }
    case 'raw':
      return rowVerdict(reading, query, await model.findAll({ ...options, raw: true }));
    case 'scope': {
      const { where, ...rest } = options;
      const scoped = where ? model.scope({ where } as never) : model.unscoped();
      return rowVerdict(reading, query, await scoped.findAll(rest));
    }
    case 'findAndCountAll': {
      const { rows, count } = await model.findAndCountAll(options);
      const { limit, offset, ...whole } = query;
      const isCut = limit !== undefined || offset !== undefined;
      const verdicts = [
        rowVerdict(reading, query, rows),
        exactCount(reading, isCut ? whole : query, { shown: count, distinct: false }),
      ];
      return (views) => verdicts.flatMap((verdict) => verdict(views));
    }
  }
}

/** Read a row by its local key. */
export async function readByPk(
  reading: Reading,
  { model, ref, include }: ByPkRead,
): Promise<Verdict> {
  const where: Condition = { attribute: 'id', test: { is: 'plain', value: { ref } } };
  const query: RowQuery = { model, where, ...(include && { include }) };
  const { stage, ids, transaction } = reading;
  const { include: includes } = optionsOf(ids, query);
  const options = { transaction, ...(includes && { include: includes }) };
  const row = await modelOf(stage, model).findByPk(ids.localId(model, ref), options);
  return rowVerdict(reading, query, row ? [row] : []);
}

/** Count rows, or different values. */
export async function readCount(
  reading: Reading,
  { query, distinct, column }: CountRead,
): Promise<Verdict> {
  const { stage, ids, transaction } = reading;
  const model = modelOf(stage, query.model);
  const options = { ...optionsOf(ids, query), distinct, transaction };
  if (column !== undefined) {
    const shown = await model.count({ ...options, distinct: true, col: sqlName(column) });
    return valueVerdict('the distinct count', shown, (view) => distinctOf(view, query, column));
  }
  return exactCount(reading, query, { shown: await model.count(options), distinct });
}
