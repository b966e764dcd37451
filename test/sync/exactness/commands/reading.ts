import { inspect } from 'node:util';
import type { Model, ModelStatic, Transaction } from 'sequelize';
import { answerProblems, type Answered } from '../comparing';
import type { ModelName } from '../oracle/facts';
import type { RowQuery, View } from '../oracle/queries';
import { sameCell, type Cell } from '../oracle/rows';
import type { Known, Stage } from '../stage';

/** What a read needs beside itself. */
export interface Reading {
  readonly stage: Stage;
  readonly ids: Known;
  readonly transaction: Transaction | undefined;
  /** Nothing else is done at the same time. */
  readonly isAlone: boolean;
}

/** What a read has answered, to be judged when its window is closed; empty when it is right. */
export type Verdict = (views: readonly [View, ...View[]]) => string[];

/** The model of a stage. */
export function modelOf({ world }: Stage, name: ModelName): ModelStatic<Model> {
  return world.models[name];
}

/** Judge an answer of rows. */
export function rowVerdict(
  { stage }: Reading,
  query: RowQuery,
  shown: readonly Answered[],
): Verdict {
  return (views) => answerProblems({ ids: stage.ids, views }, query, shown);
}

/** Judge an answer of one value, which must have been right at some moment. */
export function valueVerdict(
  label: string,
  shown: unknown,
  wanted: (view: View) => unknown,
): Verdict {
  return (views) => {
    const all = views.map(wanted);
    const isRight = all.some((one) => sameCell(one as Cell, shown as Cell));
    return isRight ? [] : [`${label} is ${inspect(shown)}, not ${inspect(all[0])}`];
  };
}

/** Judge only where nothing has changed meanwhile. */
export function whenStill(verdict: Verdict): Verdict {
  return (views) => (views.length === 1 ? verdict(views) : []);
}
