import { entities, type ModelName } from './facts';
import { rowOf, rowsOf, sameRow, type Moment, type Row } from './rows';

/** The rows that were the same at every moment. */
export function stableRows(moments: readonly Moment[]): Moment {
  const [first, ...others] = moments;
  if (!first) throw new Error('A window has a moment.');
  return new Map(
    entities.map(({ name }): [ModelName, ReadonlyMap<string, Row>] => {
      const stable = rowsOf(first, name).filter((row) =>
        others.every((moment) => {
          const later = rowOf(moment, name, row.legacyId);
          return later !== undefined && sameRow(row, later);
        }),
      );
      return [name, new Map(stable.map((row) => [row.legacyId, row]))];
    }),
  );
}

/** Every state that a record has had in a window. */
export function statesOf(moments: readonly Moment[], name: ModelName, legacyId: string): Row[] {
  return moments.flatMap((moment) => rowOf(moment, name, legacyId) ?? []);
}

/** The moments of a window that differ in what is mapped. */
export function differentMoments(moments: readonly Moment[]): Moment[] {
  const different: Moment[] = [];
  for (const moment of moments) {
    const last = different.at(-1);
    if (!last || !sameMoment(last, moment)) different.push(moment);
  }
  return different;
}

/** Whether two moments hold the same rows. */
function sameMoment(a: Moment, b: Moment): boolean {
  return entities.every(({ name }) => {
    const rows = rowsOf(a, name);
    if (rows.length !== rowsOf(b, name).length) return false;
    return rows.every((row) => {
      const other = rowOf(b, name, row.legacyId);
      return other !== undefined && sameRow(row, other);
    });
  });
}
