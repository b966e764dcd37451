import type { Read, Report } from './orders';
import { type Cells, identityOf, modelOf, type State } from './state';

const toldRow = (name: string, cells: Cells): string => identityOf(new Map([[name, cells]]));

/** The answer of a read in one text. */
export function toldAnswer({ rows, count }: Report): string {
  if (rows === undefined) return String(count);
  return rows
    .map(({ name, cells }) => toldRow(name, cells))
    .sort()
    .join('\n');
}

/** The answer that a state should give, in the same words. */
export function answerOf({ how, model, names }: Read, state: State): string {
  const all = [...state].filter(([name]) => modelOf(name) === model);
  if (how === 'count') return String(all.length);
  const isWhole = how === 'all' || how === 'included';
  const wanted = all.filter(([name]) => isWhole || names.includes(name));
  return wanted
    .map(([name, cells]) => toldRow(name, cells))
    .sort()
    .join('\n');
}
