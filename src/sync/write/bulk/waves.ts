import type { Model } from 'sequelize';
import type { Mapping } from '../../../mapping';
import { idText } from '../../query/bound-of-options';
import { idOf } from '../synced-write';

/** A row of some model. */
export interface MappedRow {
  readonly mapping: Mapping;
  readonly instance: Model;
}

/**
 * Put rows into waves: each refers only to rows of waves before its own. Rows that refer to each other
 * in a circle are the last wave together.
 */
export function inWaves<T extends MappedRow>(rows: readonly T[]): T[][] {
  const waves: T[][] = [];
  let open = [...rows];
  while (open.length > 0) {
    const names = new Set(open.map(nameOf));
    const next = open.filter((row) => !refersTo(row, names));
    const wave = next.length > 0 ? next : open;
    waves.push(wave);
    const done = new Set(wave);
    open = open.filter((row) => !done.has(row));
  }
  return waves;
}

function nameOf({ mapping, instance }: MappedRow): string {
  return rowName(mapping, idOf(instance));
}

function rowName({ name }: Mapping, id: unknown): string {
  return `${name} ${idText(id)}`;
}

function refersTo(row: MappedRow, names: ReadonlySet<string>): boolean {
  return row.mapping.attributes.some(({ attribute, target }) => {
    const id: unknown = target && row.instance.get(attribute);
    if (!target || id === null || id === undefined) return false;
    const name = rowName(target, id);
    return name !== nameOf(row) && names.has(name);
  });
}
