import type { Model } from 'sequelize';
import { cellProblems, legacyIdOf, type Answered } from '../comparing';
import type { Condition } from '../oracle/conditions';
import { associationOf, type Association, type ModelName } from '../oracle/facts';
import { allMatches, relatedRows, type View } from '../oracle/queries';
import type { Cell } from '../oracle/rows';
import { statesOf } from '../oracle/windows';
import { whereOf } from '../sequelize-options';
import { modelOf, valueVerdict, whenStill, type Reading, type Verdict } from './reading';

/** A call of an association's accessor. */
export interface AccessorRead {
  readonly do: 'accessor';
  readonly model: ModelName;
  readonly ref: number;
  readonly as: string;
  readonly ask: 'get' | 'count' | 'has';
  /** Of `has`: which record. */
  readonly other: number;
  readonly where?: Condition;
}

const upper = (as: string): string => as.charAt(0).toUpperCase() + as.slice(1);

/** `contacts` is asked for by `hasContact`. */
const singular = (as: string): string =>
  as === 'branches' ? 'Branch' : upper(as).replace(/s$/, '');

type Accessor = (...given: unknown[]) => Promise<unknown>;

interface Holder {
  readonly association: Association;
  readonly model: ModelName;
  readonly legacyId: string;
  /** What the instance holds as the key of a parent. */
  readonly parent: Cell;
  call(name: string, ...given: unknown[]): Promise<unknown>;
}

/** The instance that the application holds, however old; read without the library's help. */
async function holderOf(
  { stage, ids, transaction }: Reading,
  { model, ref, as }: AccessorRead,
): Promise<Holder | undefined> {
  const association = associationOf(model, as);
  const legacyId = ids.legacyId(model, ref);
  const instance: Model | null = await modelOf(stage, model).findOne({
    where: { legacyId },
    transaction,
    skipLegacy: true,
  } as object);
  if (!instance) return undefined;
  const { target, foreignKey, type } = association;
  const key: unknown = type === 'one' ? instance.get(foreignKey) : null;
  return {
    association,
    model,
    legacyId,
    parent: key === null ? null : (stage.ids.legacyId(target, key) ?? null),
    call: async (name, ...given) =>
      (instance as unknown as Record<string, Accessor>)[name]?.(...given),
  };
}

/** The legacy keys of the rows that belong to an instance; once for each link. */
function wantedKeys(
  { association, model, legacyId, parent }: Holder,
  { where, ask }: AccessorRead,
): (view: View) => string[] {
  const { as, target, foreignKey, type } = association;
  const isFiltered = where !== undefined && (ask !== 'has' || type === 'one');
  return (view) => {
    const row = { legacyId, cells: { [foreignKey]: parent } };
    const related = relatedRows(view.moment, { name: model, row }, as);
    const query = { model: target, ...(isFiltered && { where }) };
    const matching = new Set(allMatches(view, query).map((found) => found.row.legacyId));
    return related.map((one) => one.legacyId).filter((key) => matching.has(key));
  };
}

function rowsVerdict({ stage }: Reading, name: ModelName, rows: readonly Answered[]): Verdict {
  return (views) => {
    const moments = views.map(({ moment }) => moment);
    return rows.flatMap((row) => {
      const states = statesOf(moments, name, legacyIdOf(row));
      const each = states.map((state) => cellProblems(stage.ids, row, { name, row: state }));
      if (each.some((problems) => problems.length === 0)) return [];
      return each[0] ?? [`${name} ${legacyIdOf(row)} was never there`];
    });
  };
}

/** Ask an association's accessor. */
export async function readAccessor(reading: Reading, command: AccessorRead): Promise<Verdict> {
  const { ids, transaction } = reading;
  const { ask, as, where } = command;
  const holder = await holderOf(reading, command);
  if (!holder) return () => [];
  const { type, target } = holder.association;
  const wanted = wantedKeys(holder, command);
  if (ask === 'has' && type !== 'one') {
    const id = ids.localId(target, command.other);
    const shown = await holder.call(`has${singular(as)}`, id, { transaction });
    const key = ids.keyOfLocalId(target, command.other);
    return valueVerdict(`has${singular(as)}`, shown, (view) => wanted(view).includes(key));
  }
  const options = { ...(where && { where: whereOf({ ids, name: target }, where) }), transaction };
  if (ask === 'count' && type !== 'one') {
    const shown = await holder.call(`count${upper(as)}`, options);
    return whenStill(valueVerdict(`count${upper(as)}`, shown, (view) => wanted(view).length));
  }
  const answer = await holder.call(`get${upper(as)}`, options);
  const rows = (Array.isArray(answer) ? answer : answer ? [answer] : []) as Answered[];
  const keys = (list: readonly string[]): string => [...list].sort().join(', ');
  const verdicts = [
    rowsVerdict(reading, target, rows),
    whenStill(
      valueVerdict(`get${upper(as)}`, keys(rows.map(legacyIdOf)), (view) => keys(wanted(view))),
    ),
  ];
  return (views) => verdicts.flatMap((verdict) => verdict(views));
}
