import { inspect } from 'node:util';
import { col, fn, literal, type FindOptions } from 'sequelize';
import { columnOf, type Column } from '../oracle/facts';
import { figureOf, groupsOf, groupTexts, type Aggregate } from '../oracle/figures';
import type { RowQuery } from '../oracle/queries';
import type { Cell } from '../oracle/rows';
import { optionsOf } from '../sequelize-options';
import type { Stage } from '../stage';
import { modelOf, valueVerdict, type Reading, type Verdict } from './reading';

/** `sum()`, `min()`, `max()`. */
export interface FigureRead {
  readonly do: 'figure';
  readonly query: RowQuery;
  readonly aggregate: Aggregate;
  readonly attribute: string;
}

/** A count for each value of an attribute. */
export interface GroupRead {
  readonly do: 'groups';
  readonly query: RowQuery;
  readonly by: 'count' | 'findAll';
  readonly attribute: string;
  /** Smaller groups are left out, with HAVING. */
  readonly least: number;
}

/** Ask for an aggregate. */
export async function readFigure(
  { stage, ids, transaction }: Reading,
  { query, aggregate, attribute }: FigureRead,
): Promise<Verdict> {
  const model = modelOf(stage, query.model);
  const options = { where: optionsOf(ids, query).where, transaction };
  const shown: unknown = await model[aggregate](attribute, options as never);
  return valueVerdict(`${aggregate}(${attribute})`, shown, (view) =>
    figureOf(view, query, { aggregate, attribute }),
  );
}

interface CountedRow {
  readonly count: string | number;
  readonly [attribute: string]: unknown;
}

async function groupedRows(
  { stage, ids, transaction }: Reading,
  { query, attribute, by, least }: GroupRead,
): Promise<CountedRow[]> {
  const model = modelOf(stage, query.model);
  const { where } = optionsOf(ids, query);
  const options = { ...(where && { where }), transaction };
  if (by === 'count') {
    const groups = await model.count({ ...options, group: [attribute], attributes: [attribute] });
    return groups;
  }
  const grouped: FindOptions = {
    ...options,
    attributes: [attribute, [fn('COUNT', col(`${query.model}.id`)), 'count']],
    group: [attribute],
    raw: true,
    ...(least > 1 && { having: literal(`count(*) >= ${least}`) }),
  };
  return (await model.findAll(grouped)) as unknown as CountedRow[];
}

/** Ask for groups. */
export async function readGroups(reading: Reading, command: GroupRead): Promise<Verdict> {
  const { query, attribute, by } = command;
  const least = by === 'count' ? 1 : command.least;
  const rows = await groupedRows(reading, command);
  const column = columnOf(query.model, attribute);
  const wanted = { attribute, least };
  return (views) => {
    // Only now are the local keys of rows that the read has fetched known.
    const shown = rows.map((row) => ({
      value: shownValue(reading.stage, column, row[attribute]),
      count: Number(row.count),
    }));
    return valueVerdict(`groups by ${attribute}`, groupTexts(shown).join('; '), (view) =>
      groupTexts(groupsOf(view, query, wanted)).join('; '),
    )(views);
  };
}

function shownValue({ ids }: Stage, { kind, target }: Column, value: unknown): Cell {
  if (kind !== 'lookup' || !target || value === null) return value as Cell;
  return ids.legacyId(target, value) ?? `the local key ${inspect(value)}`;
}
